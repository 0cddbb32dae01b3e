import DenseMath
import Files
import Foundation

/// A model directory in Hugging Face layout: config.json beside model.safetensors, or beside
/// model.safetensors.index.json and its shards. Where both are there the single file is read, as `transformers` does.
public struct Checkpoint: Sendable {
  /// The directory, as given.
  public let directory: String
  /// config.json; an object.
  public let config: JSONNode
  /// model.safetensors, or the index of the shards.
  public let weightsPath: String
  /// All tensors of all files, in the order of their names' bytes.
  public let entries: [TensorEntry]
  private let files: [SafetensorsFile]
  private let owners: [ExactKey: Int]
  /// What stands in the place of stored tensors, or beside them.
  private let replacements: [ExactKey: Tensor]

  /// Opens the directory and checks every header; no weight is read yet.
  /// - Throws: `FileError`: no such directory, a file that cannot be opened, a config.json or index that is no JSON
  ///   object. `CheckpointError`: no config.json or no safetensors weights, a weight file that breaks the format, an
  ///   index and shards that disagree.
  public init(directory: String) throws {
    self.directory = directory
    try Self.check(directory)
    config = try JSONNode.read(directory + "/config.json")
    _ = try config.members()
    let single = directory + "/model.safetensors"
    if FileManager.default.fileExists(atPath: single) {
      weightsPath = single
      files = [try SafetensorsFile(single)]
    } else {
      weightsPath = single + ".index.json"
      files = try ShardIndex(weightsPath).openShards(in: directory)
    }
    var owners: [ExactKey: Int] = [:]
    for (position, file) in files.enumerated() {
      for entry in file.entries { owners[ExactKey(entry.name)] = position }
    }
    self.owners = owners
    replacements = [:]
    entries = files.flatMap(\.entries).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private init(
    _ other: Checkpoint, config: JSON, replacements: [ExactKey: Tensor], removing isRemoved: (String) -> Bool
  ) {
    directory = other.directory
    weightsPath = other.weightsPath
    files = other.files
    self.config = JSONNode(config, path: other.config.path)
    self.replacements = replacements
    let kept = other.entries.filter { !isRemoved($0.name) && replacements[ExactKey($0.name)] == nil }
    owners = Dictionary(
      kept.compactMap { entry in other.owners[ExactKey(entry.name)].map { (ExactKey(entry.name), $0) } },
      uniquingKeysWith: { first, _ in first })
    let added = replacements.map { name, tensor in
      TensorEntry(name: name.string, type: .float32, shape: tensor.shape, range: 0..<tensor.count * 4)
    }
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
    if let tensor = replacements[ExactKey(name)] {
      return TensorEntry(name: name, type: .float32, shape: tensor.shape, range: 0..<tensor.count * 4)
    }
    return file(holding: name)?.entry(named: name)
  }

  /// A tensor as Float32 numbers; see `SafetensorsFile.floats(_:shape:)`.
  /// - Throws: `CheckpointError`.
  public func floats(_ name: String, shape: [Int]? = nil) throws -> Tensor {
    if let tensor = replacements[ExactKey(name)] {
      guard shape == nil || tensor.shape == shape else {
        throw CheckpointError.wrongShape(
          path: weightsPath, tensor: name, expected: shape ?? [], found: tensor.shape)
      }
      return tensor
    }
    guard let file = file(holding: name) else {
      throw CheckpointError.missingTensor(path: weightsPath, tensor: name, stored: entries.map(\.name))
    }
    return try file.floats(name, shape: shape)
  }

  /// The file that holds a tensor: model.safetensors or a shard. The weights' path where no file does.
  public func path(holding name: String) -> String {
    file(holding: name)?.path ?? weightsPath
  }

  /// How many numbers all tensors hold, stored buffers such as attention masks among them.
  public var totalParameterCount: Int { entries.reduce(0) { $0 + $1.count } }

  /// Bytes the numbers take on disk, headers not counted.
  public var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// The digest that stamps results, 64 hexadecimal digits. For a single file what `sha256sum model.safetensors`
  /// prints; for shards the SHA-256 of what `sha256sum SHARD...` prints for the shards in the order of their names, so
  /// that `sha256sum model-*.safetensors | sha256sum` shows the same. Reads every byte: run it beside other work.
  /// - Throws: `DigestError`.
  public func sha256() throws -> String {
    if files.count == 1, weightsPath == files[0].path { return try files[0].sha256() }
    let digest = Digest()
    for file in files {
      digest.update("\(try file.sha256())  \(file.path.dropFirst(directory.count + 1))\n")
    }
    return try digest.finish()
  }

  private func file(holding name: String) -> SafetensorsFile? {
    owners[ExactKey(name)].map { files[$0] }
  }

  /// Throws unless the directory has a config.json and weights in safetensors files, and no adapter.
  private static func check(_ directory: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
      throw FileError.missing(path: directory)
    }
    guard isDirectory.boolValue else {
      throw FileError.malformed(
        path: directory, location: "", expected: "a directory with config.json and model.safetensors", found: "a file")
    }
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: directory + "/" + name) }
    guard has("config.json") else {
      throw CheckpointError.missingFile(
        directory: directory, expected: "config.json",
        advice: "give the directory of a Hugging Face checkpoint, with config.json and model.safetensors")
    }
    // Hugging Face would put the adapter on top of the weights.
    guard !has("adapter_config.json") else {
      throw CheckpointError.adapter(directory: directory)
    }
    guard has("model.safetensors") || has("model.safetensors.index.json") else {
      let foreign = ForeignWeights.allCases.first { has($0.rawValue) }
      throw CheckpointError.missingFile(
        directory: directory, expected: "model.safetensors (or model.safetensors.index.json with its shards)",
        advice: foreign?.advice ?? "fetch it from where config.json came from")
    }
  }
}

/// Weights in formats that Graft does not read: pickles run code when opened, the others need their frameworks.
private enum ForeignWeights: String, CaseIterable {
  case torch = "pytorch_model.bin"
  case torchShards = "pytorch_model.bin.index.json"
  case keras = "tf_model.h5"
  case tensorFlow = "model.ckpt.index"
  case flax = "flax_model.msgpack"

  var advice: String {
    switch self {
    case .torch:
      return "there is \(rawValue), convert it there with: python -c 'import torch, safetensors.torch as s; "
        + "s.save_file({k: v.clone().contiguous() for k, v in "
        + "torch.load(\"\(rawValue)\", map_location=\"cpu\", weights_only=True).items()}, \"model.safetensors\")'"
    case .torchShards:
      return "there are PyTorch shards (\(rawValue)), convert the checkpoint with the transformers package: load it "
        + "with the class that config.json names under architectures, then save_pretrained(DIRECTORY)"
    case .keras, .tensorFlow, .flax:
      let option = self == .flax ? "from_flax" : "from_tf"
      return "there is \(rawValue), convert it with transformers 4 (later ones cannot): load it with the class that "
        + "config.json names under architectures and \(option)=True, then save_pretrained(DIRECTORY)"
    }
  }
}
