import DenseMath
import Files

/// A TensorFlow checkpoint of BERT: PREFIX.index, a table of all variables, and their numbers in
/// PREFIX.data-00000-of-00001 and the like, which are memory-mapped. Tensors have the names and shapes of Hugging Face;
/// the state of optimisers is left out. The CRC-32C of a variable is checked when it is read.
package struct TensorFlowCheckpoint: TensorSource {
  /// Where a tensor is, and what it was called.
  package struct Variable: Sendable {
    let shard: Int
    let range: Range<Int>
    let checksum: MaskedChecksum
    /// [in, out] in the file, [out, in] here.
    let isTransposed: Bool
  }

  package let path: String
  package let tensors: TensorTable<Variable>
  private let index: MappedFile
  private let shards: [MappedFile]

  /// - Parameter prefix: what the files' names begin with, such as DIR/bert_model.ckpt.
  /// - Throws: `FileError` when a file cannot be mapped; `CheckpointError`: an index that is broken, compressed or of
  ///   another byte order, a variable that lies outside its file, is stored in slices or has no numbers, a checkpoint of
  ///   objects, as TensorFlow 2 writes them.
  package init(prefix: String) throws { try self.init(prefix: prefix) { try MappedFile($0) } }

  /// - Parameter open: gives the file at a path.
  /// - Throws: as above, and what `open` throws.
  package init(prefix: String, open: (String) throws -> MappedFile) throws {
    path = prefix + ".index"
    index = try open(path)
    var table = try SortedTable(index.bytes, path: path)
    var shards: [MappedFile] = []
    var variables = Variables(path: path)
    try table.forEach { key, value in
      if key.isEmpty {
        shards = try Self.shards(value, prefix: prefix, open)
      } else {
        try variables.add(key, value, shards: shards.map(\.bytes.count))
      }
    }
    guard !shards.isEmpty else {
      throw CheckpointError.malformed(
        path: path, tensor: nil, expected: "the header of a TensorFlow checkpoint", found: "none")
    }
    self.shards = shards
    tensors = TensorTable(variables.tensors)
  }

  package var files: [MappedFile] { shards + [index] }

  package func path(holding place: Variable) -> String { shards[place.shard].path }

  package func numbers(of entry: TensorEntry, at place: Variable) throws -> StoredNumbers {
    let shard = shards[place.shard]
    let bytes = UnsafeRawBufferPointer(rebasing: shard.bytes[place.range])
    guard place.checksum.matches(Checksum.crc32c.of(bytes)) else {
      throw CheckpointError.malformed(
        path: shard.path, tensor: entry.name, expected: "numbers with their CRC-32C", found: "others")
    }
    guard place.isTransposed, entry.count > 0 else { return StoredNumbers(bytes: bytes, owner: shard) }
    let view = StridedView(offset: 0, shape: entry.shape, strides: [1, entry.shape[0]])
    defer { shard.release(bytes) }
    return view.gathered(from: bytes, width: entry.type.byteWidth)
  }

  private static func shards(
    _ header: UnsafeRawBufferPointer, prefix: String, _ open: (String) throws -> MappedFile
  ) throws -> [MappedFile] {
    guard let header = BundleHeader(header) else {
      throw CheckpointError.malformed(
        path: prefix + ".index", tensor: nil, expected: "the header of a TensorFlow checkpoint", found: "another")
    }
    guard header.isLittleEndian else {
      throw CheckpointError.refused(
        path: prefix + ".index", tensor: nil, expected: "numbers in little-endian order", found: "another order",
        advice: "save the checkpoint again on an x86-64 or arm64 machine")
    }
    func digits(_ number: Int) -> String { String(String(100_000 + number).dropFirst()) }
    return try (0..<header.shards).map {
      try open(prefix + ".data-\(digits($0))-of-\(digits(header.shards))")
    }
  }
}

/// The variables of an index as they are read.
private struct Variables {
  let path: String
  private(set) var tensors: [(entry: TensorEntry, place: TensorFlowCheckpoint.Variable)] = []
  private var names: Set<ExactKey> = []
  private var byteCount = 0

  init(path: String) { self.path = path }

  mutating func add(_ key: [UInt8], _ value: UnsafeRawBufferPointer, shards: [Int]) throws {
    // The pieces of a variable that is stored in slices; the variable itself says that it is.
    guard key.first != 0 else { return }
    guard let name = key.withUnsafeBytes({ String(validUTF8: $0) }), let stored = BundleEntry(value) else {
      throw CheckpointError.malformed(
        path: path, tensor: String(decoding: key.prefix(80), as: UTF8.self), expected: "a variable with type and shape",
        found: "another entry")
    }
    guard !name.hasPrefix("_CHECKPOINTABLE_OBJECT_GRAPH") else {
      throw refused(
        nil, "variables by the names of the first BERT",
        "a checkpoint of objects, as Keras and TensorFlow 2 write them",
        "load the model there and save it in Hugging Face layout")
    }
    guard case .tensor(let mapped, let isTransposed) = BERTVariables.meaning(of: name) else { return }
    guard !stored.isSliced else {
      throw refused(
        name, "a variable in one piece", "one in slices", "restore it in TensorFlow and save it without a partitioner")
    }
    guard let type = stored.type else { return }
    try add(name, stored, mapped, type, isTransposed: isTransposed, shards: shards)
  }

  private mutating func add(
    _ name: String, _ stored: BundleEntry, _ mapped: String, _ type: ElementType, isTransposed: Bool, shards: [Int]
  ) throws {
    func malformed(_ expected: String, _ found: String) -> CheckpointError {
      .malformed(path: path, tensor: name, expected: expected, found: found)
    }
    guard !isTransposed || stored.shape.count == 2 else { throw malformed("a matrix", "shape \(stored.shape)") }
    let shape = isTransposed ? stored.shape.reversed() : stored.shape
    guard let entry = TensorEntry(name: mapped, type: type, shape: shape), entry.byteCount == stored.size else {
      throw malformed("the bytes of \(type.rawValue) numbers of shape \(stored.shape)", "\(stored.size) bytes")
    }
    guard stored.shard < shards.count, stored.offset <= shards[stored.shard],
      stored.size <= shards[stored.shard] - stored.offset
    else {
      throw malformed(
        "numbers within the data files", "\(stored.size) bytes from byte \(stored.offset) of number \(stored.shard)")
    }
    // No two variables of a checkpoint share numbers; those of a forged one would fill a disk when they are written out.
    byteCount += stored.size
    guard byteCount <= shards.reduce(0, +) else { throw malformed("variables that share no bytes", "some that do") }
    guard names.insert(ExactKey(mapped)).inserted else { throw malformed("each variable once", "\(mapped) again") }
    tensors.append(
      (
        entry,
        TensorFlowCheckpoint.Variable(
          shard: stored.shard, range: stored.offset..<stored.offset + stored.size, checksum: stored.checksum,
          isTransposed: isTransposed)
      ))
  }

  private func refused(_ tensor: String?, _ expected: String, _ found: String, _ advice: String) -> CheckpointError {
    .refused(path: path, tensor: tensor, expected: expected, found: found, advice: advice)
  }
}
