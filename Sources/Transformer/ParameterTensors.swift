import DenseMath

extension Model {
  /// A tensor of a model under the project's name for it.
  package struct NamedTensor: Sendable {
    package let name: String
    package let tensor: Tensor
  }

  /// The biases and norms of a block: all its parameters but the vectors of `ParameterKind`.
  package func biasesAndNorms(layer: Int) -> [NamedTensor] {
    precondition(layer >= 0 && layer < dimensions.layers, "block \(layer) of \(dimensions.layers)")
    let block = blocks[layer]
    let inputs: [(String, Linear)]
    switch block.projections {
    case .separate(let wQ, let wK, let wV): inputs = [("bQ", wQ), ("bK", wK), ("bV", wV)]
    case .joined(let wQKV): inputs = [("bQKV", wQKV)]
    }
    let linears = inputs + [("bO", block.wO), ("bIn", block.wIn), ("bOut", block.wOut)]
    return linears.compactMap { name, linear in linear.bias.map { NamedTensor(name: name, tensor: $0) } }
      + Self.tensors(of: [("attentionNorm", block.attentionNorm), ("mlpNorm", block.mlpNorm)])
  }

  /// The parameters outside of the blocks and the heads: embeddings, and the norm after or before them.
  package var outerParameters: [NamedTensor] {
    let embeddings = [("wE", wE), ("wPos", wPos), ("wType", wType)]
    let norms = [("embeddingNorm", embeddingNorm), ("finalNorm", finalNorm)]
    return embeddings.compactMap { name, tensor in tensor.map { NamedTensor(name: name, tensor: $0) } }
      + Self.tensors(of: norms.compactMap { name, norm in norm.map { (name, $0) } })
  }

  private static func tensors(of norms: [(String, Norm)]) -> [NamedTensor] {
    norms.flatMap { name, norm in
      [NamedTensor(name: name + ".gain", tensor: norm.gain), NamedTensor(name: name + ".shift", tensor: norm.shift)]
    }
  }
}

extension ClassifierHead {
  /// The vectors with which each class reads the residual stream, [C, d]: the rows of `weight`, times the
  /// matrix of the dense layer where there is one, without its activation.
  package var readingVectors: Tensor {
    guard case .firstToken(let dense, _) = pooling else { return weight }
    let (d, pooled) = (dense.inputs, dense.outputs)
    let stride = dense.layout == .outputByInput ? (output: d, input: 1) : (output: 1, input: pooled)
    var rows = [Float](repeating: 0, count: classes * d)
    for row in 0..<classes {
      for column in 0..<d {
        var sum = 0.0
        for i in 0..<pooled {
          sum +=
            Double(weight.pointer[row * pooled + i])
            * Double(dense.weight.pointer[i * stride.output + column * stride.input])
        }
        rows[row * d + column] = Float(sum)
      }
    }
    return Tensor(shape: [classes, d], rows)
  }
}
