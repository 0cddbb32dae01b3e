import DenseMath
import Transformer

/// The singular value decomposition of a matrix of a model: W = Σ values[j] left[j]ᵀ right[j].
///
/// The sign of a pair of vectors is free; here the number of largest magnitude in the left one is positive (for equal
/// ones the first).
package struct SingularDirections: Sendable {
  /// In descending order.
  package let values: [Double]
  /// [n, d]: what is read, for W_VO; what attends, for W_QK. For feed-forward keys and values, what the neurons read or
  /// write together.
  package let left: DoubleMatrix
  /// W_VO and W_QK: [n, d], what is written for it, or attended to. Keys and values: [n, dFF], the weight of each
  /// neuron.
  package let right: DoubleMatrix

  fileprivate init(values: [Double], left: DoubleMatrix, right: DoubleMatrix, count: Int) {
    let n = max(0, min(count, values.count))
    var (a, b) = (left.transposed, right.transposed)  // [r, ...]
    for row in 0..<n {
      let most = (0..<a.columns).reduce(0) { abs(a[row, $1]) > abs(a[row, $0]) ? $1 : $0 }
      guard a.columns > 0, a[row, most] < 0 else { continue }
      for column in 0..<a.columns { a[row, column] *= -1 }
      for column in 0..<b.columns { b[row, column] *= -1 }
    }
    self.values = Array(values.prefix(n))
    self.left = DoubleMatrix(rows: n, columns: a.columns, values: Array(a.values.prefix(n * a.columns)))
    self.right = DoubleMatrix(rows: n, columns: b.columns, values: Array(b.values.prefix(n * b.columns)))
  }
}

extension VocabularyProjection {
  /// The singular directions of W_VO or W_QK, from its two factors, without the [d, d] matrix.
  /// - Throws: `InterpretabilityError.noSuchHead`, `LinearAlgebraError`.
  package func directions(of which: HeadMatrix, _ place: HeadPlace, count: Int) throws -> SingularDirections {
    let (left, right) = try halves(which, of: place)  // W = leftᵀ right
    let (a, b) = (try SingularValueDecomposition(left), try SingularValueDecomposition(right))
    // leftᵀ right = a.right diag(a.values) (a.leftᵀ b.left) diag(b.values) b.rightᵀ, and the middle is small.
    var core = DoubleMatrix.transposedProduct(a.left, b.left)
    for row in 0..<core.rows {
      for column in 0..<core.columns { core[row, column] *= a.values[row] * b.values[column] }
    }
    let inner = try SingularValueDecomposition(core)
    return SingularDirections(
      values: inner.values, left: a.right * inner.left, right: b.right * inner.right, count: count)
  }

  /// The singular directions of a block's feed-forward keys or values.
  /// - Throws: `InterpretabilityError.noSuchLayer`, `LinearAlgebraError`.
  package func directions(of group: ParameterKind, layer: Int, count: Int) throws -> SingularDirections {
    guard (0..<model.dimensions.layers).contains(layer) else {
      throw InterpretabilityError.noSuchLayer(layer, model: model.name, layers: model.dimensions.layers)
    }
    let svd = try SingularValueDecomposition(
      folded(model.parameterVectors(group, layer: layer), group, layer: layer))  // [n, d]
    return SingularDirections(values: svd.values, left: svd.right, right: svd.left, count: count)
  }
}
