import Checkpoints
import DenseMath
import TestSupport
import Testing

@Suite struct WeightReaderTests {
  @Test(arguments: ["", "bert.", "transformer.", "model."])
  func findsThePrefix(prefix: String) throws {
    let folder = try CheckpointFolder([prefix + "wte.weight": 1, prefix + "h.0.bias": 2, "lm_head.weight": 3])
    var reader = try WeightReader(folder.open(), anchor: "wte.weight")
    #expect(reader.prefix == prefix)
    #expect(try reader.take("wte.weight", shape: [1]).values == [1])
    #expect(try reader.take("h.0.bias", shape: [1]).values == [2])
    #expect(try reader.take("lm_head.weight", .head, shape: [1]).values == [3])
    #expect(try reader.contains("lm_head.weight") == prefix.isEmpty)
    #expect(try reader.shape(of: "h.0.bias") == [1])
    #expect(try reader.shape(of: "h.1.bias") == nil)
    try reader.finish(body: [])
  }

  @Test func refusesNoPrefixOrTwo() throws {
    let other = try CheckpointFolder(["encoder.bert.wte.weight": 1, "xbert.wte.weight": 2])
    #expect(
      throws: CheckpointError.missingTensor(
        path: other.weights, tensor: "wte.weight", stored: ["encoder.bert.wte.weight", "xbert.wte.weight"])
    ) { try WeightReader(other.open(), anchor: "wte.weight") }
    let both = try CheckpointFolder(["bert.wte.weight": 1, "wte.weight": 2])
    #expect(throws: CheckpointError.ambiguous(path: both.weights, names: ["wte.weight", "bert.wte.weight"])) {
      try WeightReader(both.open(), anchor: "wte.weight")
    }
  }

  @Test func readsTheOldNamesOfNorms() throws {
    let folder = try CheckpointFolder([
      "bert.e.weight": 0, "bert.e.LayerNorm.gamma": 1, "bert.e.LayerNorm.beta": 2, "cls.LayerNorm.gamma": 3,
      "cls.LayerNorm.bias": 4,
    ])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    _ = try reader.take("e.weight", shape: [1])
    #expect(try reader.take("e.LayerNorm.weight", shape: [1]).values == [1])
    #expect(try reader.take("e.LayerNorm.bias", shape: [1]).values == [2])
    #expect(try reader.take("cls.LayerNorm.weight", .head, shape: [1]).values == [3])
    #expect(try reader.take("cls.LayerNorm.bias", .head, shape: [1]).values == [4])
    try reader.finish(body: [])
  }

  @Test func takesNoOtherNameForANorm() throws {
    let folder = try CheckpointFolder(["e.weight": 0, "e.gamma": 1, "e.MyLayerNorm.gamma": 2, "e.LayerNorm.gamma.x": 3])
    let reader = try WeightReader(folder.open(), anchor: "e.weight")
    for name in ["e.bias", "e.MyLayerNorm.weight", "e.LayerNorm.weight.x", "e.LayerNorm.weight"] {
      #expect(try !reader.contains(name), "\(name)")
    }
  }

  @Test func refusesANormStoredTwice() throws {
    let folder = try CheckpointFolder(["e.weight": 0, "e.LayerNorm.gamma": 1, "e.LayerNorm.weight": 1])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    #expect(
      throws: CheckpointError.ambiguous(path: folder.weights, names: ["e.LayerNorm.weight", "e.LayerNorm.gamma"])
    ) { try reader.take("e.LayerNorm.weight", shape: [1]) }
  }

  @Test func refusesWhatIsMissingOrOfAnotherShape() throws {
    let folder = try CheckpointFolder(["bert.e.weight": 0])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    #expect(
      throws: CheckpointError.missingTensor(path: folder.weights, tensor: "bert.f", stored: ["bert.e.weight"])
    ) { try reader.take("f", shape: [1]) }
    #expect(
      throws: CheckpointError.wrongShape(path: folder.weights, tensor: "bert.e.weight", expected: [2], found: [1])
    ) { try reader.take("e.weight", shape: [2]) }
    #expect(try reader.takeIfPresent("f", shape: [1]) == nil)
    #expect(throws: CheckpointError.unused(path: folder.weights, names: ["bert.e.weight"])) {
      try reader.finish(body: [])
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func refusesNumbersThatAreNotFinite(value: Float) throws {
    let folder = try CheckpointFolder(["e.weight": value])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    let error = #expect(throws: CheckpointError.self) { try reader.take("e.weight", shape: [1]) }
    guard case .notFinite(folder.weights, "e.weight", 0, let found)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found.bitPattern == value.bitPattern)
  }

  @Test(
    arguments: [("F16", [0x00, 0x7C]), ("BF16", [0xC0, 0xFF]), ("F64", [0, 0, 0, 0, 0, 0, 0xF0, 0xFF])]
      as [(String, [UInt8])])
  func refusesThemInEveryType(type: String, bytes: [UInt8]) throws {
    let folder = try CheckpointFolder()
    let zeros = [UInt8](repeating: 0, count: bytes.count)
    try folder.folder.write(oneTensor(type, shape: [2], data: zeros + bytes), to: "model.safetensors")
    var reader = try WeightReader(folder.open(), anchor: "x")
    let error = #expect(throws: CheckpointError.self) { try reader.take("x", shape: [2]) }
    guard case .notFinite(folder.weights, "x", 1, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func tellsATiedTensorFromAnother() throws {
    let folder = try CheckpointFolder(["transformer.wte.weight": 1, "lm_head.weight": 1, "score.weight": 2])
    var reader = try WeightReader(folder.open(), anchor: "wte.weight")
    let wE = try reader.take("wte.weight", shape: [1])
    #expect(try reader.takeUntied("lm_head.weight", .head, shape: [1], from: wE) == nil)
    #expect(try reader.takeUntied("score.weight", .head, shape: [1], from: wE)?.values == [2])
    #expect(try reader.takeUntied("absent.weight", .head, shape: [1], from: wE) == nil)
    try reader.finish(body: [])
  }

  /// Tensors outside the body and outside supported heads belong to an unsupported head.
  @Test func givesBackAHeadThatNobodyTook() throws {
    let folder = try CheckpointFolder([
      "bert.e.weight": 0, "cls.a.weight": 1, "qa_outputs.bias": 1, "qa_outputs.weight": 1, "crf.transitions": 1,
    ])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    _ = try reader.take("e.weight", shape: [1])
    _ = try reader.take("cls.a.weight", .head, shape: [1])
    #expect(
      try reader.finish(body: ["e"], heads: ["lm_head"]) == ["crf.transitions", "qa_outputs.bias", "qa_outputs.weight"])
  }

  @Test(arguments: [
    "bert.e.lora_A.weight", "bert.adapter.weight", "e.adapter.weight", "cls.b.weight", "cls.a.bias", "cls.a.weight.x",
    "lm_head.bias", "base_model.model.bert.e.lora_A.weight", "adapter.down.weight", "Prompt_Embeddings",
    "prefix_encoder.embedding.weight", "transformer.wte.weight", "classifier.lora_B.weight", "e",
  ]) func refusesWhatBelongsToWhatIsComputed(_ name: String) throws {
    let folder = try CheckpointFolder(["bert.e.weight": 0, "cls.a.weight": 1, "qa_outputs.weight": 1, name: 1])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    _ = try reader.take("e.weight", shape: [1])
    _ = try reader.take("cls.a.weight", .head, shape: [1])
    #expect(throws: CheckpointError.unused(path: folder.weights, names: [name])) {
      try reader.finish(body: ["e"], heads: ["lm_head"])
    }
  }

  @Test func namesEveryTensorThatNobodyTook() throws {
    let folder = try CheckpointFolder([
      "bert.e.weight": 0, "bert.h.0.attn.bias": 1, "bert.h.11.attn.bias": 1, "bert.h.x.attn.bias": 1,
      "bert.h..attn.bias": 1, "h.0.attn.bias": 1, "bert.h.0.attn.bias.more": 1, "cls.seq.weight": 1,
      "bert.cls.seq.weight": 1, "bert.position_ids": 1,
    ])
    var reader = try WeightReader(folder.open(), anchor: "e.weight")
    _ = try reader.take("e.weight", shape: [1])
    let patterns: [WeightPattern] = [.body("h.N.attn.bias"), .head("cls.seq.weight"), .body("position_ids")]
    #expect(
      throws: CheckpointError.unused(
        path: folder.weights,
        names: [
          "bert.cls.seq.weight", "bert.h..attn.bias", "bert.h.0.attn.bias.more", "bert.h.x.attn.bias", "h.0.attn.bias",
        ])
    ) { try reader.finish(ignoring: patterns, body: ["h"]) }
  }

  @Test func namesTheShardOfABadTensor() throws {
    let folder = try CheckpointFolder()
    try folder.write(["a": 1], to: "1.safetensors")
    try folder.write(["b": .infinity], to: "2.safetensors")
    try folder.writeIndex(#""a": "1.safetensors", "b": "2.safetensors""#)
    var reader = try WeightReader(folder.open(), anchor: "a")
    #expect(
      throws: CheckpointError.notFinite(
        path: folder.folder.path("2.safetensors"), tensor: "b", index: 0, value: .infinity)
    ) { try reader.take("b", shape: [1]) }
  }
}
