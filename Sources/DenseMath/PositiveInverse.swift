import COpenBLAS

/// The (pseudo-)inverse of a symmetric positive semi-definite matrix, kept as a factorisation.
///
/// Cholesky where the matrix is well conditioned. Otherwise eigenvalues: those below `cut` times the largest count as
/// zero. A Gram matrix squares the condition of E, so its eigenvalues are known only to about n eps of the largest, and
/// singular values of E below the square root of that cannot be told from zero.
package struct PositiveInverse: Sendable {
  package enum Method: String, Sendable { case cholesky, eigenvalues }

  package let method: Method
  /// Eigenvalues kept; n where Cholesky was used.
  package let rank: Int
  /// Largest over smallest kept eigenvalue; from the Cholesky diagonal it is a lower bound.
  package let condition: Double
  private let size: Int
  /// Cholesky: the factor as LAPACK left it. Eigenvalues: V diag(1 / w) Vᵀ.
  private let factor: [Double]

  /// - Parameter matrix: [n, n], symmetric, finite.
  /// - Throws: `LinearAlgebraError` when LAPACK does not converge or the matrix is not finite.
  package init(_ matrix: DoubleMatrix) throws {
    precondition(matrix.rows == matrix.columns, "\(matrix.rows) x \(matrix.columns) is not square")
    guard matrix.values.allSatisfy(\.isFinite) else { throw LinearAlgebraError.notFinite }
    size = matrix.rows
    let cut = Double(max(size, 1)) * Double.ulpOfOne
    if let (factor, condition) = Self.cholesky(matrix), condition < 0.01 / cut {
      self.factor = factor
      self.condition = condition
      method = .cholesky
      rank = size
      return
    }
    let (inverse, rank, condition) = try Self.eigenInverse(matrix, cut: cut)
    factor = inverse
    method = .eigenvalues
    self.rank = rank
    self.condition = condition
  }

  /// left times the inverse: X with X G = left where G is invertible.
  /// - Parameter left: [m, n]
  package func multipliedFromLeft(by left: DoubleMatrix) throws -> DoubleMatrix {
    precondition(left.columns == size, "\(left.columns) columns against an inverse of size \(size)")
    switch method {
    case .eigenvalues: return left * DoubleMatrix(rows: size, columns: size, values: factor)
    case .cholesky:
      // LAPACK is column-major: the row-major [m, n] is its [n, m], whose columns are the right-hand sides.
      var solution = left
      var (n, m, info) = (Int32(size), Int32(left.rows), Int32(0))
      var (lda, ldb) = (n, n)
      guard n > 0, m > 0 else { return solution }
      dpotrs_("U", &n, &m, factor, &lda, &solution.values, &ldb, &info)
      guard info == 0 else { throw LinearAlgebraError.lapack(routine: "dpotrs", info: Int(info)) }
      return solution
    }
  }

  private static func cholesky(_ matrix: DoubleMatrix) -> (factor: [Double], condition: Double)? {
    var factor = matrix.values
    var (n, info) = (Int32(matrix.rows), Int32(0))
    var lda = max(n, 1)
    dpotrf_("U", &n, &factor, &lda, &info)
    guard info == 0 else { return nil }
    let diagonal = (0..<matrix.rows).map { factor[$0 * matrix.rows + $0] }
    guard let low = diagonal.min(), let high = diagonal.max() else { return (factor, 1) }
    return (factor, (high / low) * (high / low))
  }

  private static func eigenInverse(
    _ matrix: DoubleMatrix, cut: Double
  ) throws -> (inverse: [Double], rank: Int, condition: Double) {
    let eigen = try SymmetricEigendecomposition(matrix)
    let count = matrix.rows
    let largest = eigen.values.last ?? 0
    let kept = eigen.values.indices.filter { eigen.values[$0] > cut * largest }
    var scaled = DoubleMatrix(rows: count, columns: kept.count)
    var plain = DoubleMatrix(rows: kept.count, columns: count)
    for (index, column) in kept.enumerated() {
      for row in 0..<count {
        let value = eigen.vectors[row, column]
        plain[index, row] = value
        scaled[row, index] = value / eigen.values[column]
      }
    }
    let condition = kept.first.map { largest / eigen.values[$0] } ?? .infinity
    return ((scaled * plain).values, kept.count, condition)
  }
}

/// What can go wrong in a factorisation.
package enum LinearAlgebraError: Error, Equatable, Sendable, CustomStringConvertible {
  case notFinite
  case lapack(routine: String, info: Int)

  package var description: String {
    switch self {
    case .notFinite: return "a matrix to be factored holds numbers that are not finite"
    case .lapack(let routine, let info): return "LAPACK's \(routine) failed with info \(info)"
    }
  }
}
