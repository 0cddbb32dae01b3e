import COpenBLAS

/// The thin singular value decomposition A = left diag(values) rightᵀ, in Double.
///
/// LAPACK's divide and conquer. The signs of a pair of vectors are LAPACK's: callers that show them fix them by a rule.
package struct SingularValueDecomposition: Sendable {
  /// [m, r], r = min(m, n): column j is the left vector of `values[j]`; the columns are orthonormal.
  package let left: DoubleMatrix
  /// r numbers, not negative, in descending order.
  package let values: [Double]
  /// [n, r]: column j is the right vector of `values[j]`; the columns are orthonormal.
  package let right: DoubleMatrix

  /// - Parameter matrix: [m, n]; a matrix without rows or columns has no singular values.
  /// - Throws: `LinearAlgebraError` when a number is not finite or LAPACK does not converge.
  package init(_ matrix: DoubleMatrix) throws {
    guard matrix.values.allSatisfy(\.isFinite) else { throw LinearAlgebraError.notFinite }
    let (m, n) = (matrix.rows, matrix.columns)
    let r = min(m, n)
    var values = [Double](repeating: 0, count: r)
    var left = DoubleMatrix(rows: m, columns: r)
    var rightTransposed = DoubleMatrix(rows: r, columns: n)
    if r > 0 {
      // LAPACK is column-major: it sees Aᵀ = right diag(values) leftᵀ, so its U is rightᵀ and its Vᵀ is left, row-major.
      var a = matrix.values
      var (rows, columns, rank, info) = (Int32(n), Int32(m), Int32(r), Int32(0))
      var (lda, ldu, ldvt) = (rows, rows, rank)
      var integerWork = [Int32](repeating: 0, count: 8 * r)
      var workSize = Int32(-1)
      var work = [0.0]
      for _ in 0..<2 {
        dgesdd_(
          "S", &rows, &columns, &a, &lda, &values, &rightTransposed.values, &ldu, &left.values, &ldvt, &work, &workSize,
          &integerWork, &info)
        guard info == 0 else { throw LinearAlgebraError.lapack(routine: "dgesdd", info: Int(info)) }
        guard workSize == -1 else { break }
        workSize = Int32(work[0])
        work = [Double](repeating: 0, count: Int(workSize))
      }
    }
    self.left = left
    self.values = values
    right = rightTransposed.transposed
  }
}

/// The eigenvalues and eigenvectors of a symmetric matrix, A = vectors diag(values) vectorsᵀ, in Double.
package struct SymmetricEigendecomposition: Sendable {
  /// n numbers, in ascending order.
  package let values: [Double]
  /// [n, n], orthogonal: column j is the eigenvector of `values[j]`.
  package let vectors: DoubleMatrix

  /// - Parameter matrix: [n, n], symmetric; only one triangle is read.
  /// - Throws: `LinearAlgebraError` when a number is not finite or LAPACK does not converge.
  package init(_ matrix: DoubleMatrix) throws {
    precondition(matrix.rows == matrix.columns, "\(matrix.rows) x \(matrix.columns) is not square")
    guard matrix.values.allSatisfy(\.isFinite) else { throw LinearAlgebraError.notFinite }
    let count = matrix.rows
    // On return LAPACK's column j, row j here, is eigenvector j.
    var vectors = matrix
    var values = [Double](repeating: 0, count: count)
    var (n, info) = (Int32(count), Int32(0))
    var lda = max(n, 1)
    var workSize = Int32(1 + 6 * count + 2 * count * count)
    var integerWorkSize = Int32(3 + 5 * count)
    var work = [Double](repeating: 0, count: Int(workSize))
    var integerWork = [Int32](repeating: 0, count: Int(integerWorkSize))
    dsyevd_(
      "V", "U", &n, &vectors.values, &lda, &values, &work, &workSize, &integerWork, &integerWorkSize, &info)
    guard info == 0 else { throw LinearAlgebraError.lapack(routine: "dsyevd", info: Int(info)) }
    self.values = values
    self.vectors = vectors.transposed
  }
}
