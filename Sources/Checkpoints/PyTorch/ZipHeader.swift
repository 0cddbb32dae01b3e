import Files

/// What the central directory of a zip file says about an entry.
struct ZipHeader {
  let name: String
  /// Where the entry's own header begins.
  let offset: Int
  let checksum: UInt32
  private let flags: UInt16
  private let method: UInt16
  private let size: Int
  private let compressedSize: Int

  /// Flags that change how bytes are read: encrypted (0, 6, 13) or a patch (5).
  private static let foreignFlags: UInt16 = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 13
  /// The sizes and the checksum follow the entry's bytes.
  private static let descriptorFollows: UInt16 = 1 << 3

  /// The next entry of the central directory; nil when there is none.
  init?(central reader: inout ByteReader) {
    guard reader.next(UInt32.self) == 0x0201_4B50, reader.next(UInt32.self) != nil,
      let flags = reader.next(UInt16.self), let method = reader.next(UInt16.self), reader.next(UInt32.self) != nil,
      let checksum = reader.next(UInt32.self), let compressed = reader.next(UInt32.self),
      let size = reader.next(UInt32.self), let nameLength = reader.next(UInt16.self),
      let extraLength = reader.next(UInt16.self), let commentLength = reader.next(UInt16.self),
      reader.next(UInt16.self) == 0, reader.next(UInt16.self) != nil, reader.next(UInt32.self) != nil,
      let offset = reader.next(UInt32.self), let name = reader.next(Int(nameLength)),
      let extra = reader.next(Int(extraLength)), reader.next(Int(commentLength)) != nil,
      let text = String(validUTF8: name)
    else { return nil }
    var large = Self.largeSizes(extra)
    guard let size = Self.size(size, &large), let compressedSize = Self.size(compressed, &large),
      let offset = Self.size(offset, &large)
    else { return nil }
    self.name = text
    self.flags = flags
    self.method = method
    self.checksum = checksum
    self.size = size
    self.compressedSize = compressedSize
    self.offset = offset
  }

  /// - Throws: `CheckpointError.refused` for an entry that is not stored as it is.
  func check(path: String) throws {
    let advice = "write the file again with torch.save, which stores entries as they are"
    guard flags & Self.foreignFlags == 0 else {
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "entries that are not encrypted", found: "\"\(name)\", which is",
        advice: advice)
    }
    guard method == 0 else {
      let kind = method == 8 ? "deflate" : "method \(method)"
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "entries without compression",
        found: "\"\(name)\" with \(kind), \(compressedSize) bytes for \(size)", advice: advice)
    }
    guard size == compressedSize else {
      throw ZipContainer.malformed(path, "the \(compressedSize) bytes of the entry \"\(name)\"", "a size of \(size)")
    }
  }

  /// Where the entry's bytes stand, after its own header, which must say the same.
  /// - Parameter limit: where the central directory begins.
  func range(in bytes: UnsafeRawBufferPointer, before limit: Int, path: String) throws -> Range<Int> {
    func mismatch(_ what: String) -> CheckpointError {
      ZipContainer.malformed(path, "a header at byte \(offset) for the entry \"\(name)\"", what)
    }
    guard offset <= limit else { throw mismatch("the end of the entries before it") }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<limit]), at: offset)
    guard reader.next(UInt32.self) == 0x0403_4B50, reader.next(UInt16.self) != nil,
      let flags = reader.next(UInt16.self), let method = reader.next(UInt16.self), reader.next(UInt32.self) != nil,
      let checksum = reader.next(UInt32.self), let compressed = reader.next(UInt32.self),
      let size = reader.next(UInt32.self), let nameLength = reader.next(UInt16.self),
      let extraLength = reader.next(UInt16.self), let name = reader.next(Int(nameLength)),
      let extra = reader.next(Int(extraLength))
    else { throw mismatch("no such header") }
    guard name.elementsEqual(self.name.utf8) else { throw mismatch("another name") }
    guard flags == self.flags, method == self.method else { throw mismatch("another method or other flags") }
    var large = Self.largeSizes(extra)
    let sizes = [Self.size(size, &large), Self.size(compressed, &large)]
    let isLater = flags & Self.descriptorFollows != 0
    guard sizes.allSatisfy({ $0 == self.size || isLater && $0 == 0 }),
      checksum == self.checksum || isLater && checksum == 0
    else { throw mismatch("another size or checksum") }
    guard self.size <= reader.rest else {
      throw ZipContainer.malformed(
        path, "the \(self.size) bytes of the entry \"\(self.name)\"", "\(reader.rest) before the central directory")
    }
    return reader.position..<reader.position + self.size
  }

  /// The numbers of an entry's zip64 field, in their order: those of sizes and offset that 32 bits cannot hold.
  private static func largeSizes(_ extra: UnsafeRawBufferPointer) -> [UInt64] {
    var reader = ByteReader(extra)
    while let kind = reader.next(UInt16.self), let length = reader.next(UInt16.self),
      let field = reader.next(Int(length))
    {
      guard kind == 1 else { continue }
      var numbers = ByteReader(field)
      var found: [UInt64] = []
      while let number = numbers.next(UInt64.self) { found.append(number) }
      return found.reversed()
    }
    return []
  }

  /// A size, out of `large` where 32 bits cannot hold it; nil where it is not there.
  private static func size(_ short: UInt32, _ large: inout [UInt64]) -> Int? {
    guard short == .max else { return Int(short) }
    return large.popLast().flatMap { Int(exactly: $0) }
  }
}
