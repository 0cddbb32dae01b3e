import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

/// TensorFlow's checkpoints of BERT hold the same bits as safetensors of the same model.
@Suite struct TensorFlowCheckpointTests {
  private func copy(_ folder: String, to target: TemporaryFolder) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: FixtureFiles.path(folder))
    where name != "expected.safetensors" {
      try target.write(FixtureFiles.bytes(folder + "/" + name), to: name)
    }
  }

  @Test func holdsTheSameBits() throws {
    let expected = try SafetensorsFile(FixtureFiles.path("tensorflow/expected.safetensors"))
    let file = try TensorFlowCheckpoint(prefix: FixtureFiles.path("tensorflow/bert_model.ckpt"))
    #expect(file.names == expected.names)
    #expect(file.names.count == 30)
    for name in expected.names {
      let (found, bits) = (try TensorBits(name, of: file), try TensorBits(name, of: expected))
      #expect(found != nil && found == bits, "\(name)")
    }
  }

  /// Two data files, several types, heads and names that BERT does not have.
  @Test func readsSeveralFilesAndTypes() throws {
    let folder = try TemporaryFolder()
    try copy("tensorflow-several", to: folder)
    try folder.write("{}", to: "bert_config.json")
    let checkpoint = try Checkpoint(directory: folder.path)
    #expect(
      checkpoint.entries.map(\.name) == [
        "bert.a.weight", "bert.b.weight", "classifier.bias", "classifier.weight", "cls/squad/output_weights",
      ])
    #expect(try checkpoint.floats("bert.a.weight", shape: [3, 2]).values == [0, 3, 1, 4, 2, 5])
    #expect(try checkpoint.floats("bert.b.weight", shape: [2, 3]).values == [0, 2, 4, 1, 3, 5])
    #expect(try checkpoint.floats("classifier.weight", shape: [2, 3]).values == [1, 2, 3, 4, 5, 6])
    #expect(try checkpoint.floats("classifier.bias", shape: [2]).values == [1.5, -2])
    #expect(checkpoint.weightsPath == folder.path("model.ckpt-20.index"))
    #expect(checkpoint.path(holding: "bert.b.weight") == folder.path("model.ckpt-20.data-00001-of-00002"))
    let files = ["data-00000-of-00002", "data-00001-of-00002", "index"].map { "model.ckpt-20." + $0 }
    let digest = Digest()
    for name in files { digest.update("\(try Digest.ofFile(folder.path(name)))  \(name)\n") }
    #expect(try checkpoint.sha256() == digest.finish())
  }

  @Test func readsTheConfigurationOfTheFirstRelease() throws {
    let checkpoint = try Checkpoint(directory: FixtureFiles.path("tensorflow"))
    #expect(try checkpoint.config["model_type"].string() == "bert")
    #expect(try checkpoint.config["hidden_size"].int() == 8)
    #expect(checkpoint.config.path == FixtureFiles.path("tensorflow/bert_config.json"))
  }

  @Test func choosesAmongSteps() throws {
    let folder = try TemporaryFolder()
    try copy("tensorflow", to: folder)
    for step in ["100", "200"] {
      for part in [".index", ".data-00000-of-00001"] {
        try folder.write(FixtureFiles.bytes("tensorflow/bert_model.ckpt" + part), to: "model.ckpt-" + step + part)
      }
    }
    let names = ["bert_model.ckpt", "model.ckpt-100", "model.ckpt-200"]
    #expect(throws: CheckpointError.severalCheckpoints(directory: folder.path, prefixes: names)) {
      try Checkpoint(directory: folder.path)
    }
    try folder.write("model_checkpoint_path: \"model.ckpt-300\"\n", to: "checkpoint")
    #expect(throws: CheckpointError.self) { try Checkpoint(directory: folder.path) }
    try folder.write(
      "model_checkpoint_path: \"/tmp/run/model.ckpt-200\"\nall_model_checkpoint_paths: \"model.ckpt-100\"\n",
      to: "checkpoint")
    #expect(try Checkpoint(directory: folder.path).weightsPath == folder.path("model.ckpt-200.index"))
    let one = try Checkpoint(directory: folder.path("model.ckpt-100"))
    #expect(one.weightsPath == folder.path("model.ckpt-100.index"))
    #expect(one.directory == folder.path)
    #expect(throws: FileError.missing(path: folder.path("model.ckpt-7"))) {
      try Checkpoint(directory: folder.path("model.ckpt-7"))
    }
  }

  /// What stands beside it in another format comes first.
  @Test func comesAfterTheOthers() throws {
    let folder = try TemporaryFolder()
    try copy("tensorflow", to: folder)
    try folder.write(FixtureFiles.bytes("torch/module.bin"), to: "pytorch_model.bin")
    #expect(try Checkpoint(directory: folder.path).weightsPath == folder.path("pytorch_model.bin"))
  }
}
