import DenseMath
import TestSupport
import Testing

/// Inverses of Gram matrices: G⁻¹ G = I, and the Moore-Penrose conditions where G has no inverse.
@Suite struct PositiveInverseTests {
  /// Q diag(values) Qᵀ with an orthogonal Q (Householder reflections of random vectors).
  static func symmetric(_ values: [Double], seed: UInt64) -> DoubleMatrix {
    let n = values.count
    var numbers = SeededNumbers(seed: seed)
    var q = DoubleMatrix.identity(n)
    for _ in 0..<min(n, 4) {
      let v = DoubleMatrix(rows: n, columns: 1, values: (0..<n).map { _ in numbers.normal() })
      let length = (v.transposed * v)[0, 0]
      let reflected = (-2 / length) * (v * (v.transposed * q))
      q = DoubleMatrix(rows: n, columns: n, values: zip(q.values, reflected.values).map { $0 + $1 })
    }
    var scaled = q
    for row in 0..<n { for column in 0..<n { scaled[row, column] *= values[column] } }
    let g = scaled * q.transposed
    // Exactly symmetric, as a Gram matrix is.
    var result = g
    for row in 0..<n { for column in 0..<n { result[row, column] = (g[row, column] + g[column, row]) / 2 } }
    return result
  }

  private func inverse(_ g: DoubleMatrix) throws -> (PositiveInverse, DoubleMatrix) {
    let inverse = try PositiveInverse(g)
    return (inverse, try inverse.multipliedFromLeft(by: .identity(g.rows)))
  }

  /// X G = left, with the residual bounded by what the condition of G allows.
  @Test(arguments: [1, 2, 3, 12, 40, 129]) func wellConditioned(_ size: Int) throws {
    let tall = DoubleMatrixTests.random(3 * size + 2, size, seed: 71)
    let g = tall.transposed * tall
    let (inverse, x) = try inverse(g)
    #expect(inverse.method == .cholesky)
    #expect(inverse.rank == size)
    #expect(inverse.condition >= 1)
    expectClose((x * g).values, DoubleMatrix.identity(size).values, absolute: 1e-11, relative: 0, "G⁻¹ G")
    expectClose((g * x).values, DoubleMatrix.identity(size).values, absolute: 1e-11, relative: 0, "G G⁻¹")
    let left = DoubleMatrixTests.random(5, size, seed: 72)
    let solved = try inverse.multipliedFromLeft(by: left)
    #expect((solved.rows, solved.columns) == (5, size))
    expectCloseToLargest((solved * g).values, left.values, fraction: 1e-11, "X G")
  }

  /// Conditions up to 1e14; the residual grows at most with the condition.
  @Test(arguments: [1e0, 1e4, 1e8, 1e10, 1e12, 1e14]) func illConditioned(_ condition: Double) throws {
    let size = 12
    let values = (0..<size).map { index in
      var value = 1.0
      for _ in 0..<index { value /= Self.root(condition, size - 1) }
      return value
    }
    let g = Self.symmetric(values, seed: 73)
    let (inverse, x) = try inverse(g)
    #expect(inverse.rank == size)
    // The Cholesky diagonal bounds the condition from below.
    #expect(inverse.condition <= 1.1 * condition)
    #expect(inverse.method == (condition < 1e12 ? .cholesky : .eigenvalues) || condition == 1e12)
    expectClose(
      (x * g).values, DoubleMatrix.identity(size).values, absolute: 1e-15 * Double(size) * condition + 1e-13,
      relative: 0, "G⁻¹ G at condition \(condition)")
  }

  private static func root(_ value: Double, _ degree: Int) -> Double {
    var (low, high) = (1.0, value + 1)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      var power = 1.0
      for _ in 0..<degree { power *= middle }
      if power < value { low = middle } else { high = middle }
    }
    return low
  }

  /// The scale of the matrix has no effect: 1e-200 to 1e200 invert alike.
  @Test(arguments: [1e-200, 1e-8, 1, 1e14, 1e200]) func scales(_ scale: Double) throws {
    let tall = DoubleMatrixTests.random(20, 6, seed: 74)
    let g = scale * (tall.transposed * tall)
    let (inverse, x) = try inverse(g)
    #expect(inverse.method == .cholesky)
    expectClose((x * g).values, DoubleMatrix.identity(6).values, absolute: 1e-11, relative: 0, "scale \(scale)")
  }

  /// G X G = G, X G X = X, both products symmetric, the rank that of the factor.
  @Test(arguments: [(5, 1), (12, 4), (12, 11), (40, 39), (33, 7)])
  func rankDeficient(_ test: (size: Int, rank: Int)) throws {
    let flat = DoubleMatrixTests.random(test.rank, test.size, seed: 75)
    let g = flat.transposed * flat
    let (inverse, x) = try inverse(g)
    #expect(inverse.method == .eigenvalues)
    #expect(inverse.rank == test.rank)
    expectCloseToLargest((g * x * g).values, g.values, fraction: 1e-10, "G X G")
    expectCloseToLargest((x * g * x).values, x.values, fraction: 1e-10, "X G X")
    expectClose((g * x).values, (g * x).transposed.values, absolute: 1e-10, relative: 0, "(G X)ᵀ")
    expectClose((x * g).values, (x * g).transposed.values, absolute: 1e-10, relative: 0, "(X G)ᵀ")
    // G X is the projection onto the rows of the factor.
    expectCloseToLargest((flat * (g * x)).values, flat.values, fraction: 1e-10, "projection")
  }

  /// Eigenvalues below n eps of the largest count as zero, those well above are kept.
  @Test func theCut() throws {
    #expect(try PositiveInverse(Self.symmetric([1, 0.5, 1e-13], seed: 76)).rank == 3)
    let (inverse, x) = try inverse(Self.symmetric([1, 0.5, 1e-18], seed: 76))
    #expect(inverse.rank == 2)
    expectClose([inverse.condition], [2], absolute: 1e-12, relative: 0, "condition of what is kept")
    #expect(x.values.allSatisfy { abs($0) < 3 })
  }

  @Test func zeros() throws {
    let (inverse, x) = try inverse(DoubleMatrix(rows: 4, columns: 4))
    #expect(inverse.rank == 0)
    #expect(x.values.allSatisfy { $0 == 0 })
  }

  @Test func sizesZeroAndOne() throws {
    let empty = try PositiveInverse(DoubleMatrix(rows: 0, columns: 0))
    #expect(empty.rank == 0)
    #expect(try empty.multipliedFromLeft(by: DoubleMatrix(rows: 3, columns: 0)).values.isEmpty)
    let one = try PositiveInverse(DoubleMatrix(rows: 1, columns: 1, values: [4]))
    #expect(try one.multipliedFromLeft(by: DoubleMatrix(rows: 2, columns: 1, values: [8, -2])).values == [2, -0.5])
    let none = try PositiveInverse(DoubleMatrix(rows: 2, columns: 2, values: [2, 0, 0, 2]))
    #expect(try none.multipliedFromLeft(by: DoubleMatrix(rows: 0, columns: 2)).values.isEmpty)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func notFinite(_ value: Double) {
    var g = DoubleMatrix.identity(3)
    g[2, 1] = value
    #expect(throws: LinearAlgebraError.notFinite) { try PositiveInverse(g) }
  }
}
