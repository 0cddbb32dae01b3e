import DenseMath

/// The parameters of a block that read from the residual stream or are added to it: vectors of d numbers that can be
/// projected onto the vocabulary (Dar et al., "Analyzing Transformers in Embedding Space", 2023, section 3).
public enum ParameterKind: String, Sendable, CaseIterable {
  /// Column i of wIn, what neuron i of the feed-forward layer reads.
  case feedForwardKey = "ff-key"
  /// Row i of wOut, what neuron i adds.
  case feedForwardValue = "ff-value"
  /// Column j of wQ, wK or wV: what sub-head j mod dHead of head j / dHead reads.
  case query, key, value
  /// Row j of wO, what that sub-head adds.
  case output

  /// Whether it belongs to an attention head; else to a neuron of the feed-forward layer.
  public var isAttention: Bool { self != .feedForwardKey && self != .feedForwardValue }
  /// Whether it is multiplied with the residual stream; else it is added to it.
  public var reads: Bool { self != .feedForwardValue && self != .output }
}

extension Model {
  /// All vectors of a kind in a block, one per row.
  /// - Precondition: `layer` is a block of this model.
  /// - Returns: [dFF, d] for feed-forward kinds, else [d, d] with head h in rows h dHead ..< (h + 1) dHead; the weights
  ///   themselves where they are stored that way, else a copy.
  public func parameterVectors(_ kind: ParameterKind, layer: Int) -> Tensor {
    let block = blocks[layer]
    switch kind {
    case .feedForwardKey: return block.wIn.columnsAsRows(0..<block.wIn.outputs)
    case .feedForwardValue: return block.wOut.rows
    case .query: return block.wQ.asRows
    case .key: return block.wK.asRows
    case .value: return block.wV.asRows
    case .output: return block.wO.rows
    }
  }

  /// The gain that a pre-norm block applies before vectors of a kind read the state: that of ln_1 or ln_2, [d]. nil for
  /// vectors that write, and in a post-norm model, whose norms come after the sum.
  public func gain(before kind: ParameterKind, layer: Int) -> Tensor? {
    guard traits.normPlacement == .pre, kind.reads else { return nil }
    return kind.isAttention ? blocks[layer].attentionNorm.gain : blocks[layer].mlpNorm.gain
  }
}

extension LinearColumns {
  /// Each column as a row: [columns, in].
  fileprivate var asRows: Tensor { linear.columnsAsRows(columns) }
}

extension Linear {
  /// Some columns of W, each as a row: [range, in].
  fileprivate func columnsAsRows(_ range: Range<Int>) -> Tensor {
    layout == .outputByInput ? weight[rows: range] : weight.transposed(columns: range)
  }

  /// The rows of W, [in, out].
  fileprivate var rows: Tensor {
    layout == .inputByOutput ? weight : weight.transposed(columns: 0..<weight.columns)
  }
}

extension Tensor {
  /// A copy of some columns, each as a row: [range, rows].
  fileprivate func transposed(columns range: Range<Int>) -> Tensor {
    let (rows, columns) = (self.rows, self.columns)
    let result = FloatBuffer(uninitializedCount: range.count * rows)
    // Tiles of 16 x 16 numbers: both sides stay in a few cache lines.
    for top in stride(from: 0, to: rows, by: 16) {
      for left in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
        for column in left..<min(left + 16, range.upperBound) {
          let out = result.pointer + (column - range.lowerBound) * rows
          for row in top..<min(top + 16, rows) { out[row] = pointer[row * columns + column] }
        }
      }
    }
    return Tensor(shape: [range.count, rows], result)
  }
}
