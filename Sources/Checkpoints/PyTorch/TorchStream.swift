import Files

/// The container of `torch.save` before PyTorch 1.6: pickles of a magic number, a version, facts about the machine, the
/// value and the keys of the storages; then for each key the count of its numbers, in 8 bytes, and the numbers. There
/// are no checksums.
enum TorchStream {
  /// 0x1950a86a20f9469cfc6c, lowest byte first.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// - Throws: `CheckpointError`.
  static func read(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> (dict: StateDict, storages: [TorchStorage]) {
    var reader = PickleReader(bytes, fileSize: bytes.count, path: path)
    guard try reader.next() == .largeInteger(magic) else {
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "a file of torch.save", found: "a pickle of something else",
        advice: "nothing of the file was run; write the weights with torch.save")
    }
    guard try reader.next() == .integer(1001) else { throw reader.malformed("protocol version 1001", "another") }
    try checkByteOrder(try reader.next(), reader)
    let dict = try StateDict(try reader.next(), of: reader)
    let list = try reader.next()
    guard let keys = reader.elements(list) else {
      throw reader.malformed("the list of storages", "another value")
    }
    let ranges = try ranges(of: keys, dict.storages, bytes, reader)
    let storages = try dict.storages.map { storage in
      guard let range = ranges[ExactKey(storage.key)],
        range.count == storage.count.multipliedReportingOverflow(by: storage.byteWidth).partialValue
      else {
        throw reader.malformed(
          "the storage \(PickleReader.quoted(storage.key)) with \(storage.count) numbers", "none of that size")
      }
      return TorchStorage(range: range, checksum: nil)
    }
    return (dict, storages)
  }

  private static func checkByteOrder(_ value: PickleValue, _ reader: PickleReader) throws {
    guard case .dictionary(let number) = value else { throw reader.malformed("facts about the machine", value.kind) }
    guard reader.dictionaries[number].contains(where: { $0.key == .string("little_endian") && $0.value == .bool(true) })
    else {
      throw CheckpointError.refused(
        path: reader.path, tensor: nil, expected: "numbers in little-endian order", found: "another order",
        advice: "load it in Python and save it again on an x86-64 or arm64 machine")
    }
  }

  /// Where the numbers of each storage stand. The file ends after the last.
  private static func ranges(
    of keys: [PickleValue], _ storages: [PickledStorage], _ bytes: UnsafeRawBufferPointer, _ reader: PickleReader
  ) throws -> [ExactKey: Range<Int>] {
    var widths: [ExactKey: Int] = [:]
    for storage in storages where widths[ExactKey(storage.key)] == nil {
      widths[ExactKey(storage.key)] = storage.byteWidth
    }
    var ranges: [ExactKey: Range<Int>] = [:]
    var reader = (pickles: reader, numbers: ByteReader(bytes, at: reader.reader.position))
    for key in keys {
      guard case .string(let key) = key, let width = widths[ExactKey(key)] else {
        throw reader.pickles.malformed("the key of a storage", key.kind)
      }
      guard let count = reader.numbers.next(Int64.self), count >= 0, count <= reader.numbers.rest / width,
        reader.numbers.next(Int(count) * width) != nil
      else {
        throw reader.pickles.malformed("the numbers of the storage \(PickleReader.quoted(key))", "the end of the file")
      }
      let end = reader.numbers.position
      guard ranges.updateValue(end - Int(count) * width..<end, forKey: ExactKey(key)) == nil else {
        throw reader.pickles.malformed("each storage once", "\(PickleReader.quoted(key)) again")
      }
    }
    guard reader.numbers.rest == 0 else {
      throw reader.pickles.malformed("the end of the file after the last storage", "\(reader.numbers.rest) more bytes")
    }
    return ranges
  }
}
