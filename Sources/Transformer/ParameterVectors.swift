import DenseMath

/// Parameters that are one vector of the residual stream each: what reads from it and what writes to it.
public enum ParameterGroup: String, CaseIterable, Sendable {
  /// Columns of wIn.
  case feedForwardKeys = "ff-key"
  /// Rows of wOut.
  case feedForwardValues = "ff-value"
  /// Columns of a head's wQ, wK and wV.
  case queries = "query"
  case keys = "key"
  case values = "value"
  /// Rows of a head's wO.
  case outputs = "output"

  /// Whether its vectors meet the residual stream by an inner product; else they are added to it.
  public var reads: Bool { self != .feedForwardValues && self != .outputs }

  /// Whether its vectors belong to heads: head h has rows h dHead ..< (h + 1) dHead.
  public var isAttention: Bool { self != .feedForwardKeys && self != .feedForwardValues }
}

extension Model {
  /// The vectors of a group in a block as the checkpoint has them, one a row: [dFF, d] or [H dHead, d]. No biases.
  ///
  /// Shares the checkpoint's memory where vectors are stored as rows, and copies where they are columns.
  public func parameterVectors(_ group: ParameterGroup, layer: Int) -> Tensor {
    precondition(layer >= 0 && layer < dimensions.layers, "block \(layer) of \(dimensions.layers)")
    let d = dimensions.hidden
    switch architecture {
    case .bert(let bert):
      let block = bert.blocks[layer]
      switch group {
      case .feedForwardKeys: return block.wIn.columns(0..<dimensions.feedForward)
      case .feedForwardValues: return block.wOut.rows
      case .queries: return block.wQ.columns(0..<d)
      case .keys: return block.wK.columns(0..<d)
      case .values: return block.wV.columns(0..<d)
      case .outputs: return block.wO.rows
      }
    case .gpt2(let gpt2):
      let block = gpt2.blocks[layer]
      switch group {
      case .feedForwardKeys: return block.wIn.columns(0..<dimensions.feedForward)
      case .feedForwardValues: return block.wOut.rows
      case .queries: return block.wQKV.columns(0..<d)
      case .keys: return block.wQKV.columns(d..<2 * d)
      case .values: return block.wQKV.columns(2 * d..<3 * d)
      case .outputs: return block.wO.rows
      }
    }
  }

  /// What a pre-norm block multiplies a normalised state with before `group` reads it: the gain of ln_1 or ln_2, [d]. nil
  /// for what writes, and for BERT, whose norms come after the sum.
  public func gain(before group: ParameterGroup, layer: Int) -> Tensor? {
    guard case .gpt2(let gpt2) = architecture, group.reads else { return nil }
    return group.isAttention ? gpt2.blocks[layer].attentionNorm.gain : gpt2.blocks[layer].mlpNorm.gain
  }
}

extension Linear {
  /// Columns of W, each what one output reads with: [range, in].
  func columns(_ range: Range<Int>) -> Tensor {
    layout == .outputByInput ? weight[rows: range] : weight.transposed(columns: range)
  }

  /// Rows of W, each what one input writes: [in, out].
  var rows: Tensor {
    layout == .inputByOutput ? weight : weight.transposed(columns: 0..<weight.columns)
  }
}

extension Tensor {
  /// Columns of a matrix as rows: [range, rows].
  fileprivate func transposed(columns range: Range<Int>) -> Tensor {
    let result = FloatBuffer(uninitializedCount: range.count * rows)
    // Squares of numbers, so that neither side's cache lines are fetched more than once.
    let side = 16
    for top in stride(from: 0, to: rows, by: side) {
      for left in stride(from: 0, to: range.count, by: side) {
        for row in top..<min(top + side, rows) {
          for column in left..<min(left + side, range.count) {
            result.pointer[column * rows + row] = pointer[row * columns + range.lowerBound + column]
          }
        }
      }
    }
    return Tensor(shape: [range.count, rows], result)
  }
}

extension Model {
  /// A tensor of a model under the project's name for it.
  public struct NamedTensor: Sendable {
    public let name: String
    public let tensor: Tensor
  }

  /// The biases and norms of a block: all its parameters but the vectors of `ParameterGroup`.
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
    let d = pooler.inputs
    let columns = pooler.columns(0..<pooler.outputs)  // [d, d], what each pooled number reads with
    var rows = [Float](repeating: 0, count: classes * d)
    for row in 0..<classes {
      for column in 0..<d {
        var sum = 0.0
        for i in 0..<pooler.outputs {
          sum += Double(weight.pointer[row * weight.columns + i]) * Double(columns.pointer[i * d + column])
        }
        rows[row * d + column] = Float(sum)
      }
    }
    return Tensor(shape: [classes, d], rows)
  }
}
