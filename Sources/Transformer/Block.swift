/// The weights of a block, with the same names in every family. `ModelTraits.normPlacement` says where its norms act.
public struct Block: Sendable {
  /// wQ, wK and wV: three matrices, or one with their columns side by side.
  package enum Projections: Sendable {
    /// Each [d, d].
    case separate(wQ: Linear, wK: Linear, wV: Linear)
    /// [d, 3 d]
    case joined(Linear)
  }

  package let projections: Projections
  /// [d, d]; head h reads rows h dHead ..< (h + 1) dHead.
  public let wO: Linear
  /// ln_1 of a pre-norm block, read by attention; of a post-norm block, applied to the sum with attention's output.
  public let attentionNorm: Norm
  /// [d, dFF]
  public let wIn: Linear
  /// [dFF, d]
  public let wOut: Linear
  /// ln_2 of a pre-norm block, read by the feed-forward layer; of a post-norm block, applied to the sum with its output.
  public let mlpNorm: Norm
  /// The factor of q kᵀ.
  public let attentionScale: Float

  /// [d, d]; head h computes columns h dHead ..< (h + 1) dHead of queries, keys and values.
  public var wQ: LinearColumns { columns(0) }
  /// As `wQ`, for keys.
  public var wK: LinearColumns { columns(1) }
  /// As `wQ`, for values.
  public var wV: LinearColumns { columns(2) }

  /// The products that compute [T, 3 d] from a state, and the first output column of each.
  package var projectionProducts: [(linear: Linear, column: Int)] {
    switch projections {
    case .separate(let wQ, let wK, let wV): return [(wQ, 0), (wK, wQ.outputs), (wV, 2 * wQ.outputs)]
    case .joined(let wQKV): return [(wQKV, 0)]
    }
  }

  private func columns(_ place: Int) -> LinearColumns {
    switch projections {
    case .separate(let wQ, let wK, let wV):
      let linear = [wQ, wK, wV][place]
      return LinearColumns(linear: linear, columns: 0..<linear.outputs)
    case .joined(let wQKV):
      let width = wQKV.outputs / 3
      return LinearColumns(linear: wQKV, columns: place * width..<(place + 1) * width)
    }
  }
}

/// Some outputs of a linear layer.
public struct LinearColumns: Sendable {
  /// The whole layer.
  public let linear: Linear
  /// Which of its outputs.
  public let columns: Range<Int>
}
