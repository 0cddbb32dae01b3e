import DenseMath
import Files
import Synchronization

/// A memory-mapped file of `torch.save` with a dict of tensors: the zip container of PyTorch 1.6 and later, or the older
/// one. Opening it reads the pickle, as data, and checks where every tensor stands; numbers are read when asked for, and
/// the CRC-32 of a storage is checked before its first number is.
package struct TorchFile: TensorSource {
  package let path: String
  package let tensors: TensorTable<PickledTensor>
  private let file: MappedFile
  /// By the number that tensors have for them.
  private let storages: [TorchStorage]
  private let checked: CheckedStorages

  /// - Throws: `FileError` when the file cannot be mapped; `CheckpointError.refused` for what no state dict holds or
  ///   for another kind of file, `.malformed` for a broken one.
  package init(_ path: String) throws {
    file = try MappedFile(path)
    self.path = path
    let bytes = file.bytes
    let dict: StateDict
    switch TorchFormat(bytes) {
    case .zip: (dict, storages) = try TorchArchive.read(bytes, path: path)
    case .stream: (dict, storages) = try TorchStream.read(bytes, path: path)
    case .other(let name, let advice):
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "a file of torch.save", found: name, advice: advice)
    }
    tensors = TensorTable(dict.items.map { ($0.entry, $0.tensor) })
    checked = CheckedStorages(count: storages.count)
  }

  package var files: [MappedFile] { [file] }

  package func numbers(of entry: TensorEntry, at place: PickledTensor) throws -> StoredNumbers {
    let storage = storages[place.storage]
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[storage.range])
    try check(storage, number: place.storage, bytes, tensor: entry.name)
    let view = place.view
    guard view.isContiguous, entry.count > 0 else { return view.gathered(from: bytes, width: entry.type.byteWidth) }
    let start = view.offset * entry.type.byteWidth
    return StoredNumbers(
      bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<start + entry.byteCount]), owner: file)
  }

  private func check(_ storage: TorchStorage, number: Int, _ bytes: UnsafeRawBufferPointer, tensor: String) throws {
    guard let expected = storage.checksum, !checked.contains(number) else { return }
    let found = Checksum.crc32.of(bytes)
    guard found == expected else {
      throw CheckpointError.malformed(
        path: path, tensor: tensor, expected: "numbers with the CRC-32 \(String(expected, radix: 16))",
        found: String(found, radix: 16))
    }
    checked.insert(number)
  }
}

/// Where a storage stands in its file.
struct TorchStorage: Equatable {
  let range: Range<Int>
  /// Its CRC-32; nil where the container has none.
  let checksum: UInt32?
}

/// The storages whose checksums were found right. Two threads may check one at once, with the same result.
private final class CheckedStorages: Sendable {
  private let flags: Mutex<[Bool]>

  init(count: Int) { flags = Mutex([Bool](repeating: false, count: count)) }

  func contains(_ number: Int) -> Bool { flags.withLock { $0[number] } }
  func insert(_ number: Int) { flags.withLock { $0[number] = true } }
}

/// What kind of file one is, by its first bytes.
enum TorchFormat: Equatable {
  case zip
  /// A run of pickles and storages: PyTorch before 1.6, or `_use_new_zipfile_serialization=False`.
  case stream
  case other(name: String, advice: String)

  init(_ bytes: UnsafeRawBufferPointer) {
    func begins(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    if begins("PK") {
      self = .zip
    } else if bytes.first == 0x80 {
      self = .stream
    } else if begins("version https://git-lfs") {
      self = .other(name: "a Git LFS pointer", advice: "run `git lfs pull` in its folder")
    } else if Self.isSafetensors(bytes) {
      self = .other(name: "a safetensors file", advice: "rename it to model.safetensors")
    } else if begins("GGUF") {
      self = .other(name: "a GGUF file", advice: "fetch the model's safetensors or PyTorch weights instead")
    } else if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) {
      self = .other(name: "an HDF5 file of Keras", advice: "fetch the model's safetensors or PyTorch weights instead")
    } else if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
      self = .other(
        name: "a tar file, as PyTorch before 0.1.10 wrote them", advice: "load it in Python and save it again")
    } else if begins("<") {
      self = .other(name: "a web page", advice: "fetch the file itself: the address gave a page about it")
    } else {
      self = .other(name: bytes.isEmpty ? "an empty file" : "none that is known", advice: "fetch or write it again")
    }
  }

  private static func isSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 9 else { return false }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    return length <= UInt64(bytes.count - 8) && bytes[8] == UInt8(ascii: "{")
  }
}
