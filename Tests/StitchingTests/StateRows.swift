import DenseMath
import Evaluation
import Stitching
import Transformer

/// The rows of a hidden state of texts, one text at a time, in Double.
func stateRows(_ model: Model, after depth: Int, of texts: EncodedReviews) throws -> [[Double]] {
  let workspace = Workspace(threads: Threads(1))
  return try texts.reviews.flatMap { review in
    let batch = try PackedBatch([review.ids])
    var h = try model.embed(batch, workspace: workspace)
    try model.advance(&h, through: 0..<depth, batch, workspace: workspace)
    let values = h.values.map(Double.init)
    return (0..<h.tokens).map { Array(values[$0 * h.width..<($0 + 1) * h.width]) }
  }
}

extension StitchingMap {
  /// x S + b of each row, in Double.
  func applied(to x: [[Double]]) -> [[Double]] {
    let wide = DoubleMatrix(rows: x.count, columns: x[0].count, values: x.flatMap { $0 }) * matrix
    return (0..<x.count).map { row in (0..<wide.columns).map { wide[row, $0] + (offset?[$0] ?? 0) } }
  }
}
