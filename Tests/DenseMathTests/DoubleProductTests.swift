import DenseMath
import TestSupport
import Testing

/// Products in Double on every instruction set, at sizes around those of panels, parts of a sum, groups and bands.
@Suite struct DoubleProductTests {
  private static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> DoubleMatrix {
    DoubleMatrixTests.random(rows, columns, seed: seed)
  }

  @Test(arguments: Rows.sets) func everyTail(set: InstructionSet) throws {
    let sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 28, 33]
    for m in sizes {
      for n in sizes {
        for k in [1, 2, 17] {
          let (a, b) = (Self.matrix(m, k, seed: 71), Self.matrix(k, n, seed: 72))
          let expected = DoubleMatrixTests.product(a, b)
          let (plain, transposed) = try set.run { (a * b, DoubleMatrix.transposedProduct(a.transposed, b)) }
          expectCloseToLargest(plain.values, expected, fraction: 1e-14, "\(set) \(m) x \(k) x \(n)")
          #expect(transposed == plain, "\(set) \(m) x \(k) x \(n)")
        }
      }
    }
  }

  @Test(arguments: [(340, 130, 383), (337, 257, 384), (15, 129, 385), (1, 300, 769)])
  func blocks(_ m: Int, _ n: Int, _ k: Int) throws {
    let (a, b) = (Self.matrix(m, k, seed: 73), Self.matrix(k, n, seed: 74))
    let expected = DoubleMatrixTests.product(a, b)
    var found: [InstructionSet: DoubleMatrix] = [:]
    for set in Rows.sets { found[set] = try set.run { a * b } }
    for (set, product) in found { expectCloseToLargest(product.values, expected, fraction: 2e-14, "\(set)") }
    // The same fused operations in the same order.
    if let wide = found[.avx512], let narrow = found[.avx2] { #expect(wide == narrow) }
    // A row and a column alone have the bits that they have in the whole.
    let whole = a * b
    #expect((a.rows(m - 1..<m) * b).values == whole.rows(m - 1..<m).values)
    #expect((a * b.columns(n - 1..<n)).values == whole.columns(n - 1..<n).values)
  }

  /// Symmetric sums are those of the two factors, to the bit, with any number of threads and any weights.
  @Test(arguments: [1, 13, 40, 129, 350], [1, 2, 3]) func grams(_ width: Int, threads: Int) {
    var numbers = SeededNumbers(seed: 75)
    let height = 1100
    let a = Tensor(shape: [height, width], numbers.normal(count: height * width))
    let weights = (0..<height).map { _ in numbers.normal() }
    for weights in [nil, weights] {
      let gram = DoubleMatrix.gram(a, weights: weights, threads: Threads(threads))
      let product = DoubleMatrix.transposedProduct(a, a, weights: weights, threads: Threads(1))
      let (upper, expected) = (0..<width).reduce(into: ([Double](), [Double]())) { parts, row in
        for column in row..<width {
          parts.0.append(gram[row, column])
          parts.1.append(product[row, column])
        }
      }
      #expect(upper == expected)
      #expect(gram == gram.transposed)
    }
  }

  @Test(arguments: [1, 2, 3]) func mapsOfTallMatrices(_ threads: Int) {
    var numbers = SeededNumbers(seed: 76)
    let (rows, p, q) = (600, 33, 150)
    let a = Tensor(shape: [rows, p], numbers.normal(count: rows * p))
    let b = Self.matrix(p, q, seed: 77)
    let wide = DoubleMatrix(rows: rows, columns: p, values: a.values.map(Double.init))
    #expect(DoubleMatrix.product(a, b, threads: Threads(threads)) == wide * b)
  }
}
