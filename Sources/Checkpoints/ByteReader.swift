/// Reads little-endian numbers and runs of bytes one after the other, and nothing past the end: what is not there is nil.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  /// - Parameter position: from 0 up to `bytes.count`.
  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    precondition(position >= 0 && position <= bytes.count, "byte \(position) of \(bytes.count)")
    self.bytes = bytes
    self.position = position
  }

  /// Bytes that are left.
  var rest: Int { bytes.count - position }

  /// The next number of a type.
  mutating func next<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Number? {
    guard rest >= MemoryLayout<Number>.size else { return nil }
    defer { position += MemoryLayout<Number>.size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
  }

  /// The next `count` bytes.
  mutating func next(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= rest else { return nil }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// The next bytes up to a line feed, which is passed over; nil where there is none after `longest` bytes.
  mutating func nextLine(atMost longest: Int) -> UnsafeRawBufferPointer? {
    guard let end = bytes[position...].prefix(longest + 1).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    defer { position = end + 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
  }

  /// The next number in groups of 7 bits, lowest first, each with a bit that says whether another follows.
  mutating func nextVarint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = next(UInt8.self), shift < 63 || byte <= 1 else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }

  /// The same for a number that an `Int` holds.
  mutating func nextSize() -> Int? { nextVarint().flatMap { Int(exactly: $0) } }
}

extension String {
  /// nil for bytes that are not UTF-8.
  init?(validUTF8 bytes: UnsafeRawBufferPointer) {
    self.init(validating: bytes, as: UTF8.self)
  }
}
