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
  /// nil where there is none to align.
  private let aligned: AlignedStorages?

  /// - Throws: `FileError` when the file cannot be mapped; `CheckpointError.refused` for what no state dict holds or
  ///   for another kind of file, `.malformed` for a broken one.
  package init(_ path: String) throws { try self.init(MappedFile(path)) }

  /// - Throws: as above, but for the mapping.
  package init(_ file: MappedFile) throws {
    self.file = file
    path = file.path
    let bytes = file.bytes
    let (dict, storages): (StateDict, [TorchStorage])
    switch TorchFormat(bytes) {
    case .zip: (dict, storages) = try TorchArchive.read(bytes, path: path)
    case .stream: (dict, storages) = try TorchStream.read(bytes, path: path)
    case .other(let name, let advice):
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "a file of torch.save", found: name, advice: advice)
    }
    self.storages = storages
    tensors = TensorTable(dict.items.map { ($0.entry, $0.tensor) })
    checked = CheckedStorages(count: storages.count)
    let floats = dict.items.filter { $0.entry.type == .float32 }.map { storages[$0.tensor.storage] }
    aligned = AlignedStorages(file, floats.filter { $0.checksum == nil }.map(\.range))
  }

  package var files: [MappedFile] { [file] }

  package func numbers(of entry: TensorEntry, at place: PickledTensor) throws -> StoredNumbers {
    let storage = storages[place.storage]
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[storage.range])
    let isFinite = try check(place.storage, bytes, of: entry)
    let view = place.view
    guard view.isContiguous, entry.count > 0 else {
      return view.gathered(from: bytes, width: entry.type.byteWidth)
    }
    let start = view.offset * entry.type.byteWidth
    return StoredNumbers(
      bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<start + entry.byteCount]), owner: file,
      isKnownFinite: isFinite)
  }

  package func alignedNumbers(of entry: TensorEntry, at place: PickledTensor) throws -> StoredNumbers {
    let start = storages[place.storage].range.lowerBound + place.view.offset * entry.type.byteWidth
    if entry.type == .float32, entry.count > 0, place.view.isContiguous,
      let numbers = aligned?.numbers(at: start..<start + entry.byteCount)
    {
      return numbers
    }
    return try numbers(of: entry, at: place)
  }

  /// Checks a storage's CRC-32, once, and looks in the same pass whether its Float32 numbers are finite.
  /// - Returns: whether they are known to be.
  private func check(_ number: Int, _ bytes: UnsafeRawBufferPointer, of entry: TensorEntry) throws -> Bool {
    guard let expected = storages[number].checksum else { return false }
    if let isFinite = checked[number] { return isFinite && entry.type == .float32 }
    let isFinite = Atomic(entry.type == .float32)
    let found = Checksum.crc32.of(bytes) { chunk in
      guard entry.type == .float32, let start = chunk.baseAddress else { return }
      if !FloatConversion.allFinite(start, count: chunk.count / 4) { isFinite.store(false, ordering: .relaxed) }
    }
    guard found == expected else {
      throw CheckpointError.malformed(
        path: path, tensor: entry.name, expected: "numbers with the CRC-32 \(String(expected, radix: 16))",
        found: String(found, radix: 16))
    }
    checked[number] = isFinite.load(ordering: .relaxed)
    return isFinite.load(ordering: .relaxed)
  }
}

/// Where a storage stands in its file.
struct TorchStorage: Equatable {
  let range: Range<Int>
  /// Its CRC-32; nil where the container has none.
  let checksum: UInt32?
}

/// The storages whose checksums were found right, and whether all their numbers are then known to be finite Float32. Two
/// threads may check one at once, with the same result.
private final class CheckedStorages: Sendable {
  private let results: Mutex<[Bool?]>

  init(count: Int) { results = Mutex([Bool?](repeating: nil, count: count)) }

  subscript(number: Int) -> Bool? {
    get { results.withLock { $0[number] } }
    set { results.withLock { $0[number] = newValue } }
  }
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
