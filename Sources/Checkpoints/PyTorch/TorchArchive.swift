import DenseMath
import Files

/// The zip container of `torch.save`: under one folder the pickle `data.pkl`, `byteorder`, and each storage as
/// `data/KEY`.
enum TorchArchive {
  /// - Throws: `CheckpointError`.
  static func read(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> (dict: StateDict, storages: [TorchStorage]) {
    let container = try ZipContainer(bytes, path: path)
    let suffix = "/data.pkl"
    let pickles = container.entries.filter { entry in
      entry.name.hasSuffix(suffix) && !entry.name.dropLast(suffix.count).contains("/")
    }
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "a zip file of torch.save, with one FOLDER/data.pkl",
        found: pickles.isEmpty ? "none" : "\(pickles.count)", advice: "write it again with torch.save")
    }
    let folder = pickle.name.dropLast(suffix.count)
    var entries: [ExactKey: ZipContainer.Entry] = [:]
    for entry in container.entries { entries[ExactKey(entry.name)] = entry }
    func entry(_ name: String) -> ZipContainer.Entry? { entries[ExactKey("\(folder)/\(name)")] }

    guard entry("constants.pkl") == nil else {
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "a dict of tensors", found: "a TorchScript program",
        advice: "load it in Python with torch.jit.load and save its state_dict()")
    }
    if let order = entry("byteorder"), !bytes[order.range].elementsEqual("little".utf8) {
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "numbers in little-endian order", found: "another order",
        advice: "load it in Python and save it again on an x86-64 or arm64 machine")
    }
    let content = UnsafeRawBufferPointer(rebasing: bytes[pickle.range])
    guard Checksum.crc32.of(content) == pickle.checksum else {
      throw ZipContainer.malformed(path, "\(pickle.name) with its CRC-32", "another")
    }
    var reader = PickleReader(content, fileSize: bytes.count, path: path)
    let dict = try StateDict(try reader.next(), of: reader)
    return (dict, try dict.storages.map { try storage($0, entry("data/\($0.key)"), path: path) })
  }

  private static func storage(
    _ storage: PickledStorage, _ entry: ZipContainer.Entry?, path: String
  ) throws -> TorchStorage {
    let name = PickleReader.quoted("data/\(storage.key)")
    guard let entry else { throw ZipContainer.malformed(path, "the entry \(name)", "none") }
    let (bytes, overflow) = storage.count.multipliedReportingOverflow(by: storage.byteWidth)
    guard !overflow, bytes == entry.range.count else {
      throw ZipContainer.malformed(
        path, "\(name) with \(storage.count) numbers of \(storage.byteWidth) bytes", "\(entry.range.count) bytes")
    }
    return TorchStorage(range: entry.range, checksum: entry.checksum)
  }
}
