import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing

@Suite struct CheckpointTests {
  @Test func opensASingleFile() throws {
    let folder = try CheckpointFolder(["b": 2, "a": 1])
    try folder.folder.write(#"{"model_type": "x"}"#, to: "config.json")
    let checkpoint = try folder.open()
    #expect(checkpoint.directory == folder.path)
    #expect(try checkpoint.config["model_type"].string() == "x")
    #expect(checkpoint.weightsPath == folder.weights)
    #expect(checkpoint.entries.map(\.name) == ["a", "b"])
    #expect(checkpoint.totalParameterCount == 2)
    #expect(checkpoint.byteCount == 8)
    #expect(try checkpoint.floats("b", shape: [1]).values == [2])
    #expect(try checkpoint.sha256() == Digest.ofFile(folder.weights))
    #expect(checkpoint.path(holding: "a") == folder.weights)
    #expect(throws: CheckpointError.missingTensor(path: folder.weights, tensor: "c", stored: ["a", "b"])) {
      try checkpoint.floats("c")
    }
  }

  @Test func opensShards() throws {
    let folder = try CheckpointFolder()
    try folder.write(["c": 3, "a": 1], to: "model-00001-of-00002.safetensors")
    try folder.write(["b": 2], to: "model-00002-of-00002.safetensors")
    try folder.writeIndex(
      #""a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors", "#
        + #""c": "model-00001-of-00002.safetensors""#)
    let checkpoint = try folder.open()
    #expect(checkpoint.weightsPath == folder.index)
    #expect(checkpoint.entries.map(\.name) == ["a", "b", "c"])
    #expect(try ["a", "b", "c"].map { try checkpoint.floats($0)[0] } == [1, 2, 3])
    #expect(checkpoint.path(holding: "b") == folder.folder.path("model-00002-of-00002.safetensors"))
    #expect(checkpoint.path(holding: "d") == folder.index)
    #expect(checkpoint.totalParameterCount == 3)
    // What `sha256sum model-*.safetensors | sha256sum` prints.
    let digest = Digest()
    for name in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
      digest.update("\(try Digest.ofFile(folder.folder.path(name)))  \(name)\n")
    }
    #expect(try checkpoint.sha256() == digest.finish())
  }

  @Test func prefersTheSingleFile() throws {
    let folder = try CheckpointFolder(["a": 1])
    try folder.writeIndex(#""a": "gone.safetensors""#)
    #expect(try folder.open().weightsPath == folder.weights)
  }

  /// An index may list a tied weight that no shard stores, and omit one that is stored: the shards count.
  /// A tensor is used where its file is mapped; a copy of it is not.
  @Test func usesTensorsInPlace() throws {
    let folder = try CheckpointFolder()
    let values = (0..<8192).map { Float($0) / 3 }
    var writer = SafetensorsWriter()
    writer.add("weight", Tensor(shape: [2, 4096], values))
    try writer.write(to: folder.weights)
    let weight = try folder.open().floats("weight")
    #expect(weight.isRereadable && weight.values == values)
    weight.release()
    #expect(weight.values == values)
    #expect(!weight.inMemory.isRereadable && weight.inMemory.values == values && weight.inMemory.shape == [2, 4096])
  }

  @Test func readsWhatTheShardsHold() throws {
    let folder = try CheckpointFolder()
    try folder.write(["a": 1, "b": 2], to: "s.safetensors")
    try folder.write(["d": 3], to: "t.safetensors")
    try folder.writeIndex(#""a": "s.safetensors", "tied": "s.safetensors", "c": "t.safetensors""#)
    let checkpoint = try folder.open()
    #expect(checkpoint.entries.map(\.name) == ["a", "b", "d"])
    #expect(try checkpoint.floats("b")[0] == 2 && checkpoint.floats("d")[0] == 3)
    #expect(throws: CheckpointError.missingTensor(path: folder.index, tensor: "tied", stored: ["a", "b", "d"])) {
      try checkpoint.floats("tied")
    }
  }

  @Test(arguments: ["null", "{}", #"{"total_size": -3}"#, #"{"total_size": "much"}"#, "[]"])
  func needsNoTotalSize(metadata: String) throws {
    let folder = try CheckpointFolder()
    try folder.write(["a": 1], to: "s.safetensors")
    try folder.folder.write(
      #"{"metadata": \#(metadata), "weight_map": {"a": "s.safetensors"}}"#, to: "model.safetensors.index.json")
    #expect(try folder.open().floats("a")[0] == 1)
  }

  @Test(arguments: [
    (
      #""a": "s.safetensors", "b": "s.safetensors", "c": "t.safetensors""#, "c", "the shard t.safetensors",
      "no such file"
    ),
    (#""a": "s.safetensors", "b": "u.safetensors""#, "b", "the tensor in one shard", "s.safetensors and u.safetensors"),
  ])
  func refusesAnIndexThatDisagrees(weightMap: String, tensor: String, expected: String, found: String) throws {
    let folder = try CheckpointFolder()
    try folder.write(["a": 1, "b": 2], to: "s.safetensors")
    try folder.write(["b": 3], to: "u.safetensors")
    try folder.writeIndex(weightMap)
    #expect(
      throws: CheckpointError.indexMismatch(path: folder.index, tensor: tensor, expected: expected, found: found)
    ) { try folder.open() }
  }

  @Test(arguments: [
    "../s.safetensors", "/tmp/s.safetensors", "in/s.safetensors", "..", "", ".safetensors", "s.bin",
    "a\\\\s.safetensors",
    "a\\ns.safetensors", "s.safetensors\\u0000",
  ])
  func refusesAShardOutsideTheDirectory(name: String) throws {
    let folder = try CheckpointFolder()
    try folder.write(["a": 1], to: "s.safetensors")
    try folder.writeIndex("\"a\": \"\(name)\"")
    let error = #expect(throws: CheckpointError.self) { try folder.open() }
    guard case .indexMismatch(_, "a", "a shard in the same directory, NAME.safetensors", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func refusesAnIndexOfAnotherForm() throws {
    let folder = try CheckpointFolder()
    for text in ["[]", "{}", #"{"weight_map": []}"#, #"{"weight_map": {"a": 1}}"#, "{"] {
      try folder.folder.write(text, to: "model.safetensors.index.json")
      #expect(throws: FileError.self, "\(text)") { try folder.open() }
    }
  }

  /// An adapter beside the weights would change every number.
  @Test func refusesAnAdapter() throws {
    let folder = try CheckpointFolder(["a": 1])
    _ = try folder.open()
    try folder.folder.write("{}", to: "adapter_config.json")
    #expect(throws: CheckpointError.adapter(directory: folder.path)) { try folder.open() }
    #expect(CheckpointError.adapter(directory: "DIR").description.contains("DIR: expected"))
  }

  @Test func saysWhichFileIsMissing() throws {
    #expect(throws: FileError.missing(path: "/nowhere/at/all")) { try Checkpoint(directory: "/nowhere/at/all") }
    let folder = try CheckpointFolder(["a": 1])
    #expect(throws: FileError.self) { try Checkpoint(directory: folder.weights) }
    try FileManager.default.removeItem(atPath: folder.folder.path("config.json"))
    #expect(
      throws: CheckpointError.missingFile(
        directory: folder.path, expected: "config.json",
        advice: "give the directory of a Hugging Face checkpoint, with config.json and model.safetensors")
    ) { try folder.open() }
  }

  @Test(arguments: [
    ("README.md", "fetch it from where config.json came from"), ("training_args.bin", "fetch it from where"),
    ("tf_model.h5", "from_tf=True"), ("flax_model.msgpack", "from_flax=True"), ("model.Q4_0.gguf", "llama.cpp"),
    ("model.onnx", "a program with its weights"), ("weights.pt", "rename it to pytorch_model.bin"),
    ("bert.safetensors", "rename it to model.safetensors"),
  ])
  func saysWhatToDoWithOtherWeights(file: String, advice: String) throws {
    let folder = try CheckpointFolder()
    try folder.folder.write("x", to: file)
    let error = #expect(throws: CheckpointError.self) { try folder.open() }
    guard case .missingFile(let directory, let expected, let found)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(directory == folder.path)
    #expect(
      expected
        == "model.safetensors or pytorch_model.bin (or the index and shards of either), or a TensorFlow checkpoint")
    #expect(found.contains(advice))
    #expect(found.contains(file) == !advice.hasPrefix("fetch it from"))
  }

  @Test(arguments: ["", "[]", "7", "{", "{\"a\": 1, \"a\": 2}"])
  func refusesAConfigThatIsNoObject(text: String) throws {
    let folder = try CheckpointFolder(["a": 1])
    try folder.folder.write(text, to: "config.json")
    let error = #expect(throws: FileError.self) { try folder.open() }
    #expect(error?.description.hasPrefix(folder.folder.path("config.json")) == true)
  }
}
