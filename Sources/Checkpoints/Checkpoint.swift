import DenseMath
import Files

/// A model's directory: config.json, and weights that are read by name whatever file they stand in: safetensors, files of
/// torch.save, either in shards, or a TensorFlow checkpoint of BERT. `WeightFiles` says which is taken where there are
/// several.
public struct Checkpoint: Sendable {
  /// The directory, as given.
  public let directory: String
  /// config.json; an object.
  public let config: JSONNode
  /// The file with the weights, such as model.safetensors, or the index of the files that have them.
  public let weightsPath: String
  /// All tensors of all files, in the order of their names' bytes.
  public let entries: [TensorEntry]
  private let sources: [any TensorSource]
  private let owners: [ExactKey: Int]
  /// What stands in the place of stored tensors, or beside them.
  private let replacements: [ExactKey: Tensor]

  /// Opens the directory and checks every header; no weight is read yet.
  /// - Parameter directory: a model's directory, or the prefix of a TensorFlow checkpoint in one (DIR/model.ckpt-1000).
  /// - Throws: `FileError`: no such directory, a file that cannot be opened, a config.json or index that is no JSON
  ///   object. `CheckpointError`: no config.json or no weights that can be read, a weight file that breaks the format or
  ///   holds what weights never do, an index and shards that disagree.
  public init(directory: String) throws {
    let place = try ModelDirectory(directory)
    self.directory = place.path
    config = try place.config()
    (weightsPath, sources) = try WeightFiles.open(in: place)
    var owners: [ExactKey: Int] = [:]
    for (position, source) in sources.enumerated() {
      for entry in source.entries { owners[ExactKey(entry.name)] = position }
    }
    self.owners = owners
    replacements = [:]
    entries = sources.flatMap(\.entries).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private init(
    _ other: Checkpoint, config: JSON, replacements: [ExactKey: Tensor], removing isRemoved: (String) -> Bool
  ) {
    directory = other.directory
    weightsPath = other.weightsPath
    sources = other.sources
    self.config = JSONNode(config, path: other.config.path)
    self.replacements = replacements
    let kept = other.entries.filter { !isRemoved($0.name) && replacements[ExactKey($0.name)] == nil }
    owners = Dictionary(
      kept.compactMap { entry in other.owners[ExactKey(entry.name)].map { (ExactKey(entry.name), $0) } },
      uniquingKeysWith: { first, _ in first })
    let added = replacements.map { TensorEntry(name: $0.string, $1) }
    entries = (kept + added).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// A checkpoint in memory that reads as this one, but for its config.json and some tensors. Nothing is written, and
  /// `sha256` stays that of the files.
  /// - Parameters:
  ///   - config: in place of config.json; nil for the same. Errors name the file all the same.
  ///   - tensors: in place of the stored ones of these names, or beside them.
  ///   - isRemoved: which stored tensors are left out.
  public func replacing(
    config: JSON? = nil, tensors: [String: Tensor], removing isRemoved: (String) -> Bool = { _ in false }
  ) -> Checkpoint {
    var all = replacements.filter { !isRemoved($0.key.string) }
    for (name, tensor) in tensors { all[ExactKey(name)] = tensor }
    return Checkpoint(self, config: config ?? self.config.value ?? .null, replacements: all, removing: isRemoved)
  }

  /// The tensor with exactly this name; nil when there is none.
  public func entry(named name: String) -> TensorEntry? {
    if let tensor = replacements[ExactKey(name)] { return TensorEntry(name: name, tensor) }
    return source(of: name)?.entry(named: name)
  }

  /// A tensor as Float32 numbers; see `TensorSource.floats(_:shape:)`.
  /// - Throws: `CheckpointError`.
  public func floats(_ name: String, shape: [Int]? = nil) throws -> Tensor {
    if let tensor = try replacement(of: name, shape: shape) { return tensor }
    return try holder(of: name).floats(name, shape: shape)
  }

  /// The same, all of them finite.
  /// - Throws: `CheckpointError`, also for a number that is NaN or infinite.
  func finiteFloats(_ name: String, shape: [Int]) throws -> Tensor {
    guard let tensor = try replacement(of: name, shape: shape) else {
      return try holder(of: name).finiteFloats(name, shape: shape)
    }
    if let index = tensor.firstNonFinite() {
      throw CheckpointError.notFinite(path: weightsPath, tensor: name, index: index, value: tensor[index])
    }
    return tensor
  }

  private func replacement(of name: String, shape: [Int]?) throws -> Tensor? {
    guard let tensor = replacements[ExactKey(name)] else { return nil }
    guard shape == nil || tensor.shape == shape else {
      throw CheckpointError.wrongShape(path: weightsPath, tensor: name, expected: shape ?? [], found: tensor.shape)
    }
    return tensor
  }

  private func holder(of name: String) throws -> any TensorSource {
    if let source = source(of: name) { return source }
    throw CheckpointError.missingTensor(path: weightsPath, tensor: name, stored: entries.map(\.name))
  }

  /// A stored tensor's type, shape and bytes in C order; nil where no file holds one of that name.
  /// - Throws: `CheckpointError` when a checksum differs.
  package func content(of name: String) throws -> (type: ElementType, shape: [Int], bytes: [UInt8])? {
    try source(of: name)?.content(of: name)
  }

  /// The file that holds a tensor: model.safetensors, say, or a shard. The weights' path where no file does.
  public func path(holding name: String) -> String {
    source(of: name)?.path(holding: name) ?? weightsPath
  }

  /// How many numbers all tensors hold, stored buffers such as attention masks among them.
  public var totalParameterCount: Int { entries.reduce(0) { $0 + $1.count } }

  /// Bytes the numbers take on disk, headers not counted.
  public var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// The digest that stamps results, 64 hexadecimal digits. For a single file what `sha256sum model.safetensors`
  /// prints; for several, shards or the files of a TensorFlow checkpoint, the SHA-256 of what `sha256sum FILE...` prints
  /// for them in the order of their names, so that `sha256sum model-*.safetensors | sha256sum` shows the same. Reads
  /// every byte: run it beside other work.
  /// - Throws: `DigestError`.
  public func sha256() throws -> String {
    let files = sources.flatMap(\.files)
    if files.count == 1, weightsPath == files[0].path { return try Self.sha256(of: files[0]) }
    let digest = Digest()
    for file in files {
      digest.update("\(try Self.sha256(of: file))  \(file.path.dropFirst(directory.count + 1))\n")
    }
    return try digest.finish()
  }

  private static func sha256(of file: MappedFile) throws -> String {
    let digest = Digest()
    withExtendedLifetime(file) { digest.update(file.bytes) }
    return try digest.finish()
  }

  /// The source that holds a tensor; nil for one that none does, or that another stands in the place of.
  func source(of name: String) -> (any TensorSource)? {
    owners[ExactKey(name)].map { sources[$0] }
  }
}
