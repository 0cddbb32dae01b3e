import Files

/// What a directory's weights are read from: the first file of `WeightFileName` that is there, else a TensorFlow checkpoint.
enum WeightFiles {
  /// What a directory may hold, in words.
  static let expected =
    "model.safetensors or pytorch_model.bin (or the index and shards of either), or a TensorFlow checkpoint"

  /// - Returns: the file with the weights, or their index, and the sources in the order of their names' bytes.
  /// - Throws: `CheckpointError`, `FileError`.
  static func open(in directory: ModelDirectory) throws -> (path: String, sources: [any TensorSource]) {
    if directory.prefix == nil, let found = WeightFileName.first(where: directory.has) {
      switch found.format {
      case .safetensors: return try open(found, in: directory) { try SafetensorsFile($0) }
      case .torch: return try open(found, in: directory) { try TorchFile($0) }
      }
    }
    if let prefix = try TensorFlowPrefix.find(in: directory) {
      let checkpoint = try TensorFlowCheckpoint(prefix: directory.path(prefix))
      return (checkpoint.path, [checkpoint])
    }
    let foreign = ForeignWeights.found(in: directory.names())
    throw CheckpointError.missingFile(
      directory: directory.path, expected: expected, advice: foreign ?? "fetch it from where config.json came from")
  }

  private static func open<Source: TensorSource>(
    _ file: WeightFileName, in directory: ModelDirectory, _ open: (String) throws -> Source
  ) throws -> (path: String, sources: [any TensorSource]) {
    let path = directory.path(file.name)
    guard file.isIndex else { return (path, [try open(path)]) }
    let index = try ShardIndex(path, suffix: file.shardSuffix)
    return (path, try index.openShards(in: directory.path, open))
  }
}

/// Weights in formats that Graft does not read.
private enum ForeignWeights {
  /// What to do with the first of `names` that has weights in such a format; nil where none has.
  static func found(in names: [String]) -> String? {
    let transformers =
      "with transformers 4 (later ones cannot) load it with the class that config.json names under "
      + "architectures and "
    let remedies: [(matches: (String) -> Bool, advice: String)] = [
      ({ $0 == "tf_model.h5" }, transformers + "from_tf=True, then save_pretrained(DIRECTORY)"),
      ({ $0 == "flax_model.msgpack" }, transformers + "from_flax=True, then save_pretrained(DIRECTORY)"),
      (
        { $0.hasSuffix(".safetensors") && !$0.hasPrefix("adapter") },
        "rename it to model.safetensors where it holds all weights of this model"
      ),
      (
        { $0.hasSuffix(".gguf") },
        "llama.cpp's format, whose numbers may be rounded: fetch the safetensors that it was made from"
      ),
      ({ $0.hasSuffix(".onnx") }, "a program with its weights: fetch the safetensors that it was exported from"),
      (
        { name in [".pt", ".pth", ".bin", ".ckpt"].contains(where: name.hasSuffix) && name != "training_args.bin" },
        "rename it to pytorch_model.bin where it holds the model's state_dict, as torch.save wrote it"
      ),
    ]
    for remedy in remedies {
      if let name = names.first(where: remedy.matches) { return "there is \(name): \(remedy.advice)" }
    }
    return nil
  }
}
