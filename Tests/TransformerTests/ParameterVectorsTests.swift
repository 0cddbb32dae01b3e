import DenseMath
import TestSupport
import Testing
import Transformer

/// Every kind of vector, against the stored weights of both architectures, whose layouts differ.
@Suite struct ParameterVectorsTests {
  @Test func bertStoresColumnsAsRows() throws {
    let made = TinyCheckpoint.bert()
    let model = try made.open(in: TemporaryDirectory())
    for layer in 0..<2 {
      let name = "bert.encoder.layer.\(layer)."
      func stored(_ part: String) throws -> Tensor { try #require(made.tensors[name + part + ".weight"]) }
      let straight: [(ParameterKind, String)] = [
        (.feedForwardKey, "intermediate.dense"), (.query, "attention.self.query"), (.key, "attention.self.key"),
        (.value, "attention.self.value"),
      ]
      for (kind, part) in straight {
        let vectors = model.parameterVectors(kind, layer: layer)
        #expect(try vectors.shape == stored(part).shape && vectors.values == stored(part).values, "\(kind)")
      }
      for (kind, part) in [(.feedForwardValue, "output.dense"), (.output, "attention.output.dense")]
        as [(ParameterKind, String)]
      {
        try expectTransposed(model.parameterVectors(kind, layer: layer), of: stored(part))
      }
    }
  }

  @Test func gpt2StoresRows() throws {
    let made = TinyCheckpoint.gpt2()
    let model = try made.open(in: TemporaryDirectory())
    for layer in 0..<2 {
      let name = "transformer.h.\(layer)."
      func stored(_ part: String) throws -> Tensor { try #require(made.tensors[name + part + ".weight"]) }
      #expect(
        try model.parameterVectors(.feedForwardValue, layer: layer).values == stored("mlp.c_proj").values)
      #expect(try model.parameterVectors(.output, layer: layer).values == stored("attn.c_proj").values)
      try expectTransposed(model.parameterVectors(.feedForwardKey, layer: layer), of: stored("mlp.c_fc"))
      for (index, kind) in [ParameterKind.query, .key, .value].enumerated() {
        try expectTransposed(
          model.parameterVectors(kind, layer: layer), of: stored("attn.c_attn"), from: index * 12)
      }
    }
  }

  /// Row i of `vectors` is column `start` + i of `weight`.
  private func expectTransposed(_ vectors: Tensor, of weight: Tensor, from start: Int = 0) throws {
    try #require(vectors.columns == weight.rows && start + vectors.rows <= weight.columns)
    for row in 0..<vectors.rows {
      for column in 0..<vectors.columns {
        #expect(vectors[row * vectors.columns + column] == weight[column * weight.columns + start + row])
      }
    }
  }
}
