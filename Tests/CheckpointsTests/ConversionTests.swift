import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// Whatever a model was opened from, what `convert` writes holds the same bits and computes the same logits.
@Suite struct ConversionTests {
  private func check(_ converted: Checkpoint, is checkpoint: Checkpoint) throws {
    #expect(converted.entries.map(\.name) == checkpoint.entries.map(\.name))
    for entry in checkpoint.entries {
      let (found, expected) = (try converted.content(of: entry.name), try checkpoint.content(of: entry.name))
      #expect(found?.bytes == expected?.bytes && found?.shape == expected?.shape, "\(entry.name)")
      #expect(found?.type == expected?.type && found != nil, "\(entry.name)")
    }
  }

  @Test func writesWhatTorchFilesHold() throws {
    let (folder, target) = (try CheckpointFolder(config: #"{"eps": 1e-12, "model_type": "x"}"#), try TemporaryFolder())
    try folder.folder.write(FixtureFiles.bytes("torch/zip.bin"), to: "pytorch_model.bin")
    for name in ["vocab.txt", "tokenizer_config.json", "generation_config.json", "README.md", "training_args.bin"] {
      try folder.folder.write("{}", to: name)
    }
    let checkpoint = try folder.open()
    try checkpoint.convert(to: target.path("deep/out"))
    let converted = try Checkpoint(directory: target.path("deep/out"))
    try check(converted, is: checkpoint)
    #expect(converted.config.value == checkpoint.config.value)
    #expect(try SafetensorsFile(converted.weightsPath).metadata["format"] == "pt")
    let names = try FileManager.default.contentsOfDirectory(atPath: target.path("deep/out")).sorted()
    #expect(
      names == [
        "config.json", "generation_config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt",
      ])
  }

  @Test func writesTheNamesOfToday() throws {
    let (folder, target) = (
      try CheckpointFolder(["a.LayerNorm.gamma": 1, "a.LayerNorm.beta": 2, "b.gamma": 3, "c": 4]), try TemporaryFolder()
    )
    try folder.open().convert(to: target.path)
    let converted = try Checkpoint(directory: target.path)
    #expect(converted.entries.map(\.name) == ["a.LayerNorm.bias", "a.LayerNorm.weight", "b.gamma", "c"])
    #expect(try converted.floats("a.LayerNorm.weight").values == [1])
  }

  @Test func writesWhatStandsInTheirPlace() throws {
    let (folder, target) = (try CheckpointFolder(["a": 1, "b": 2]), try TemporaryFolder())
    let changed = try folder.open().replacing(config: ["x": 1], tensors: ["b": Tensor(shape: [1], [7])])
    try changed.convert(to: target.path)
    let converted = try Checkpoint(directory: target.path)
    #expect(try converted.floats("b").values == [7] && converted.config["x"].int() == 1)
  }

  /// In its own directory, too: the weights become safetensors beside what they were.
  @Test func tensorFlowModelsComputeTheSame() throws {
    let folder = try TemporaryFolder()
    for name in ["bert_config.json", "bert_model.ckpt.index", "bert_model.ckpt.data-00000-of-00001"] {
      try folder.write(FixtureFiles.bytes("tensorflow/" + name), to: name)
    }
    let original = try Model(directory: folder.path)
    try original.checkpoint.convert(to: folder.path)
    let converted = try Model(directory: folder.path)
    #expect(converted.checkpoint.weightsPath == folder.path("model.safetensors"))
    try check(converted.checkpoint, is: original.checkpoint)
    let ids: [Int32] = [3, 1, 20, 7]
    let found = try original.trace(ids, workspace: Workspace()).logits
    let expected = try converted.trace(ids, workspace: Workspace()).logits
    #expect(found != nil && found == expected)
    #expect(found?.allSatisfy(\.isFinite) == true)
  }

  /// Beside a config.json a vocabulary no longer says whether text is lower-cased: a file does.
  @Test(arguments: [
    ("film\nFilm\n", nil, #"{"do_lower_case":false}"#), ("film\n[unused1]\n", nil, nil),
    ("film\nFilm\n", #"{"strip_accents":false}"#, #"{"do_lower_case":false,"strip_accents":false}"#),
    ("film\nFilm\n", #"{"do_lower_case":true}"#, #"{"do_lower_case":true}"#),
  ]) func theCaseOfTextIsKept(_ vocabulary: String, _ settings: String?, _ expected: String?) throws {
    let (folder, target) = (try TemporaryFolder(), try TemporaryFolder())
    for name in ["bert_config.json", "bert_model.ckpt.index", "bert_model.ckpt.data-00000-of-00001"] {
      try folder.write(FixtureFiles.bytes("tensorflow/" + name), to: name)
    }
    try folder.write(vocabulary, to: "vocab.txt")
    if let settings { try folder.write(settings, to: "tokenizer_config.json") }
    // Into another directory, then into its own.
    for directory in [target.path, folder.path] {
      try Checkpoint(directory: folder.path).convert(to: directory)
      let path = directory + "/tokenizer_config.json"
      #expect(FileManager.default.fileExists(atPath: path) == (expected != nil))
      if expected != nil { #expect(try JSON.read(path).serialized() == expected) }
    }
  }

  @Test func writesNoDamagedWeights() throws {
    let (folder, target) = (try CheckpointFolder(), try TemporaryFolder())
    var zip = ZipBytes()
    zip.add("a/data.pkl", Pickle.dict([("a", Pickle.tensor(shape: [4], strides: [1]))]))
    zip.add("a/data/0", littleEndian([Float(1), 2, 3, 4]), .otherChecksum)
    try folder.folder.write(zip.file, to: "pytorch_model.bin")
    let checkpoint = try folder.open()
    #expect(throws: CheckpointError.self) { try checkpoint.convert(to: target.path) }
    #expect(try target.names().isEmpty)
  }
}
