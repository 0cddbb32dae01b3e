import DenseMath
import TestSupport
import Testing

/// Factors that multiply back to the matrix, orthonormal, in the promised order.
@Suite struct DecompositionsTests {
  private static func diagonal(_ values: [Double]) -> DoubleMatrix {
    var matrix = DoubleMatrix(rows: values.count, columns: values.count)
    for (index, value) in values.enumerated() { matrix[index, index] = value }
    return matrix
  }

  @Test(arguments: [(1, 1), (5, 3), (3, 5), (40, 40), (130, 17), (17, 130)])
  func singularValuesMultiplyBack(_ m: Int, _ n: Int) throws {
    let a = DoubleMatrixTests.random(m, n, seed: UInt64(100 * m + n))
    let svd = try SingularValueDecomposition(a)
    let r = min(m, n)
    #expect([svd.left.rows, svd.left.columns, svd.right.rows, svd.right.columns] == [m, r, n, r])
    #expect(svd.values.count == r)
    #expect(zip(svd.values, svd.values.dropFirst()).allSatisfy { $0 >= $1 } && (svd.values.last ?? 0) >= 0)
    let back = svd.left * Self.diagonal(svd.values) * svd.right.transposed
    expectClose(back.values, a.values, absolute: 1e-12, relative: 0, "U S Vᵀ")
    let unit = DoubleMatrix.identity(r).values
    expectClose((svd.left.transposed * svd.left).values, unit, absolute: 1e-13, relative: 0, "UᵀU")
    expectClose((svd.right.transposed * svd.right).values, unit, absolute: 1e-13, relative: 0, "VᵀV")
  }

  /// By hand: A = [[3, 0], [4, 5]] has the singular values √45 and √5.
  @Test func knownSingularValues() throws {
    let svd = try SingularValueDecomposition(DoubleMatrix(rows: 2, columns: 2, values: [3, 0, 4, 5]))
    expectClose(
      svd.values, [Double(45).squareRoot(), Double(5).squareRoot()], absolute: 1e-14, relative: 0, "singular values")
  }

  /// Rank 2 of 6: the values beyond the rank are rounding errors.
  @Test func rankShows() throws {
    let a = DoubleMatrixTests.random(6, 2, seed: 5) * DoubleMatrixTests.random(2, 9, seed: 6)
    let values = try SingularValueDecomposition(a).values
    #expect(values[1] > 0.01 && values[2...].allSatisfy { $0 < 1e-14 * values[0] })
  }

  @Test func noRowsNoValues() throws {
    #expect(try SingularValueDecomposition(DoubleMatrix(rows: 0, columns: 4)).values.isEmpty)
    #expect(try SymmetricEigendecomposition(DoubleMatrix(rows: 0, columns: 0)).values.isEmpty)
  }

  @Test(arguments: [1, 2, 12, 65]) func eigenvectorsMultiplyBack(_ n: Int) throws {
    let wanted = (0..<n).map { Double($0) - 2.5 }
    let a = PositiveInverseTests.symmetric(wanted.reversed(), seed: UInt64(n))
    let eigen = try SymmetricEigendecomposition(a)
    expectClose(eigen.values, wanted, absolute: 1e-11, relative: 0, "eigenvalues")
    let back = eigen.vectors * Self.diagonal(eigen.values) * eigen.vectors.transposed
    expectClose(back.values, a.values, absolute: 1e-11, relative: 0, "V diag Vᵀ")
  }

  @Test func notFinite() {
    let bad = DoubleMatrix(rows: 2, columns: 2, values: [1, .nan, .nan, 1])
    #expect(throws: LinearAlgebraError.notFinite) { try SingularValueDecomposition(bad) }
    #expect(throws: LinearAlgebraError.notFinite) { try SymmetricEigendecomposition(bad) }
  }
}
