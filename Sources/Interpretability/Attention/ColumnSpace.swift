import DenseMath

/// The column space of a matrix, by singular values.
struct ColumnSpace {
  /// [rows, rank], orthonormal: left singular vectors.
  let basis: DoubleMatrix
  /// All singular values, in descending order.
  let values: [Double]
  /// Right singular vectors, [columns, min(rows, columns)].
  let right: DoubleMatrix
  /// The number of singular values above the tolerance times the largest one; 0 for a matrix of zeros.
  var rank: Int { basis.columns }

  /// - Throws: `LinearAlgebraError` when a number is not finite.
  init(_ matrix: DoubleMatrix, tolerance: Double) throws {
    let parts = try SingularValueDecomposition(matrix)
    let cut = tolerance * (parts.values.first ?? 0)
    basis = parts.left.columns(0..<parts.values.count { $0 > cut })
    values = parts.values
    right = parts.right
  }

  /// Each row of `weights` without its part in the null space of products from the left: `weights` U Uᵀ.
  func project(_ weights: DoubleMatrix) -> DoubleMatrix { weights * basis * basis.transposed }

  /// The rank of the matrix with an additional column of ones. Rows with equal sums, such as probabilities, differ by
  /// vectors whose product with both is zero. - Parameter tolerance: of the part of the ones outside the column space,
  /// relative to all of it.
  func rankWithOnes(tolerance: Double) -> Int {
    let ones = DoubleMatrix(rows: 1, columns: basis.rows, values: [Double](repeating: 1, count: basis.rows))
    let reached = project(ones)
    let missed = zip(ones.values, reached.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return rank + (missed.squareRoot() > tolerance * Double(basis.rows).squareRoot() ? 1 : 0)
  }
}
