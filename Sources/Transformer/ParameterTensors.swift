import DenseMath

extension Model {
  /// A tensor of a model under the project's name for it.
  public struct NamedTensor: Sendable {
    public let name: String
    public let tensor: Tensor
  }

  /// The biases and norms of a block: all its parameters but the vectors of `ParameterKind`.
  public func biasesAndNorms(layer: Int) -> [NamedTensor] {
    precondition(layer >= 0 && layer < dimensions.layers, "block \(layer) of \(dimensions.layers)")
    let linears: [(String, Linear)]
    let norms: [(String, Norm)]
    switch architecture {
    case .bert(let bert):
      let block = bert.blocks[layer]
      linears = [
        ("bQ", block.wQ), ("bK", block.wK), ("bV", block.wV), ("bO", block.wO), ("bIn", block.wIn),
        ("bOut", block.wOut),
      ]
      norms = [("attentionNorm", block.attentionNorm), ("mlpNorm", block.mlpNorm)]
    case .gpt2(let gpt2):
      let block = gpt2.blocks[layer]
      linears = [("bQKV", block.wQKV), ("bO", block.wO), ("bIn", block.wIn), ("bOut", block.wOut)]
      norms = [("attentionNorm", block.attentionNorm), ("mlpNorm", block.mlpNorm)]
    }
    return linears.compactMap { name, linear in linear.bias.map { NamedTensor(name: name, tensor: $0) } }
      + Self.tensors(of: norms)
  }

  /// The parameters outside of the blocks and the heads: embeddings, and the norm after or before them.
  public var outerParameters: [NamedTensor] {
    switch architecture {
    case .bert(let bert):
      return [
        NamedTensor(name: "wE", tensor: bert.wE), NamedTensor(name: "wPos", tensor: bert.wPos),
        NamedTensor(name: "wType", tensor: bert.wType),
      ] + Self.tensors(of: [("embeddingNorm", bert.embeddingNorm)])
    case .gpt2(let gpt2):
      return [NamedTensor(name: "wE", tensor: gpt2.wE), NamedTensor(name: "wPos", tensor: gpt2.wPos)]
        + Self.tensors(of: [("finalNorm", gpt2.finalNorm)])
    }
  }

  private static func tensors(of norms: [(String, Norm)]) -> [NamedTensor] {
    norms.flatMap { name, norm in
      [NamedTensor(name: name + ".gain", tensor: norm.gain), NamedTensor(name: name + ".shift", tensor: norm.shift)]
    }
  }
}

extension ClassifierHead {
  /// What each class reads the residual stream with, [C, d]: the rows of `weight`; where a pooler comes first, they times
  /// its matrix, its tanh left out.
  public var readingVectors: Tensor {
    guard case .firstToken(let pooler) = pooling else { return weight }
    let (d, pooled) = (pooler.inputs, pooler.outputs)
    let stride = pooler.layout == .outputByInput ? (output: d, input: 1) : (output: 1, input: pooled)
    var rows = [Float](repeating: 0, count: classes * d)
    for row in 0..<classes {
      for column in 0..<d {
        var sum = 0.0
        for i in 0..<pooled {
          sum +=
            Double(weight.pointer[row * pooled + i])
            * Double(pooler.weight.pointer[i * stride.output + column * stride.input])
        }
        rows[row * d + column] = Float(sum)
      }
    }
    return Tensor(shape: [classes, d], rows)
  }
}
