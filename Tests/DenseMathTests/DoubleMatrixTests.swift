import DenseMath
import TestSupport
import Testing

@Suite struct DoubleMatrixTests {
  /// Normal numbers.
  static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> DoubleMatrix {
    var numbers = SeededNumbers(seed: seed)
    return DoubleMatrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in numbers.normal() })
  }

  /// left right, by loops.
  static func product(_ left: DoubleMatrix, _ right: DoubleMatrix) -> [Double] {
    (0..<left.rows).flatMap { row in
      (0..<right.columns).map { column in
        (0..<left.columns).reduce(0.0) { $0 + left[row, $1] * right[$1, column] }
      }
    }
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 7), (17, 1, 9), (1, 33, 1), (64, 65, 66), (100, 3, 40)])
  func products(_ size: (m: Int, k: Int, n: Int)) {
    let (left, right) = (Self.random(size.m, size.k, seed: 61), Self.random(size.k, size.n, seed: 62))
    let found = left * right
    #expect((found.rows, found.columns) == (size.m, size.n))
    expectCloseToLargest(found.values, Self.product(left, right), fraction: 1e-14, "\(size)")
    expectClose((3 * found).values, found.values.map { 3 * $0 }, absolute: 0, relative: 0, "scaled")
  }

  @Test func productsOfNothing() {
    #expect((DoubleMatrix(rows: 0, columns: 3) * Self.random(3, 2, seed: 63)).values.isEmpty)
    #expect((DoubleMatrix(rows: 2, columns: 0) * DoubleMatrix(rows: 0, columns: 3)).values == [0, 0, 0, 0, 0, 0])
  }

  @Test func partsOfAMatrix() {
    let matrix = DoubleMatrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
    #expect(matrix.transposed == DoubleMatrix(rows: 3, columns: 2, values: [1, 4, 2, 5, 3, 6]))
    #expect(matrix[1, 0] == 4)
    #expect(matrix.tensor.shape == [2, 3])
    #expect(matrix.tensor.values == [1, 2, 3, 4, 5, 6])
    #expect(DoubleMatrix.identity(2).values == [1, 0, 0, 1])
    #expect(matrix * DoubleMatrix.identity(3) == matrix)
  }

  /// Neither overflow nor underflow of the squares.
  @Test func frobeniusNorms() {
    let matrix = DoubleMatrix(rows: 2, columns: 2, values: [3, 0, 0, -4])
    #expect(matrix.frobeniusNorm == 5)
    for scale in [1e200, 1e-200] {
      expectClose([(scale * matrix).frobeniusNorm], [5 * scale], absolute: 0, relative: 1e-15, "\(scale)")
    }
    #expect(DoubleMatrix(rows: 2, columns: 2).frobeniusNorm == 0)
    #expect(DoubleMatrix(rows: 1, columns: 2, values: [1, .infinity]).frobeniusNorm == .infinity)
  }

  /// Heights around chunks of 1,024 and 2,048 rows.
  @Test(arguments: [1, 7, 1023, 1024, 1025, 2048, 5000], 1...3) func transposedProducts(_ height: Int, threads: Int) {
    var numbers = SeededNumbers(seed: 64)
    for (p, q) in [(1, 1), (5, 9), (8, 17), (12, 3)] {
      let a = Tensor(shape: [height, p], numbers.normal(count: height * p))
      let b = Tensor(shape: [height, q], numbers.normal(count: height * q))
      let found = DoubleMatrix.transposedProduct(a, b, threads: Threads(threads))
      let expected = (0..<p * q).map { cell in
        (0..<height).reduce(0.0) { $0 + Double(a[$1 * p + cell / q]) * Double(b[$1 * q + cell % q]) }
      }
      #expect((found.rows, found.columns) == (p, q))
      expectClose(found.values, expected, absolute: 1e-12 * Double(height), relative: 1e-12, "\(height) \(p) \(q)")
    }
  }

  /// Some rows of a with rows of b in another order.
  @Test(arguments: [0, 1, 100, 2048, 4500], 1...2) func transposedProductsOfPairs(_ count: Int, threads: Int) {
    var numbers = SeededNumbers(seed: 65)
    let (aRows, bRows, p, q) = (3000, 3500, 6, 11)
    let a = Tensor(shape: [aRows, p], numbers.normal(count: aRows * p))
    let b = Tensor(shape: [bRows, q], numbers.normal(count: bRows * q))
    let pairs = (0..<count).map { _ in
      (a: Int(numbers.next() % UInt64(aRows)), b: Int(numbers.next() % UInt64(bRows)))
    }
    let found = DoubleMatrix.transposedProduct(a, b, rows: pairs, threads: Threads(threads))
    let expected = (0..<p * q).map { cell in
      pairs.reduce(0.0) { $0 + Double(a[$1.a * p + cell / q]) * Double(b[$1.b * q + cell % q]) }
    }
    expectClose(found.values, expected, absolute: 1e-12 * Double(count), relative: 1e-12, "\(count) pairs")
  }

  @Test func weightedRows() {
    let a = Tensor(shape: [3, 1], [1, 2, 3])
    let b = Tensor(shape: [3, 2], [1, 10, 1, 10, 1, 10])
    let found = DoubleMatrix.transposedProduct(a, b, weights: [0.5, 0, 2], threads: Threads(2))
    #expect(found.values == [6.5, 65])
  }

  /// One block and several, above the diagonal alone.
  @Test(arguments: [1, 127, 300, 512, 1030], 1...3) func gramsAreTheProductWithItself(_ width: Int, threads: Int) {
    var numbers = SeededNumbers(seed: 66)
    let a = Tensor(shape: [2100, width], numbers.normal(count: 2100 * width))
    let gram = DoubleMatrix.gram(a, threads: Threads(threads))
    let product = DoubleMatrix.transposedProduct(a, a, threads: Threads(threads))
    expectClose(gram.values, product.values, absolute: 1e-10, relative: 1e-12, "all rows")
    #expect(gram == gram.transposed)
    #expect(gram == DoubleMatrix.gram(a, threads: Threads(1)))
    let rows = (0..<700).map { ($0 * 3 + 5) % 2100 }
    let weights = rows.map { Double($0 % 7) }
    let some = DoubleMatrix.gram(a, rows: rows, weights: weights, threads: Threads(threads))
    let expected = DoubleMatrix.transposedProduct(
      a, a, rows: rows.map { ($0, $0) }, weights: weights, threads: Threads(threads))
    expectClose(some.values, expected.values, absolute: 1e-10, relative: 1e-12, "weighted rows")
  }

  /// The sums are in Double: a Float32 sum would lose the small numbers beside the large ones.
  @Test func sumsAreDouble() {
    let a = Tensor(shape: [3, 1], [1e8, 1, -1e8])
    let ones = Tensor(shape: [3, 1], [1, 1, 1])
    #expect(DoubleMatrix.transposedProduct(a, ones, threads: Threads(1)).values == [1])
  }
}
