import DenseMath
import TestSupport
import Testing

/// Matrix products against plain loops in Double.
@Suite struct ProductTests {
  struct Shape: Sendable, CustomStringConvertible {
    let m, n, k: Int
    var description: String { "\(m) x \(k) x \(n)" }

    init(_ m: Int, _ n: Int, _ k: Int) {
      self.m = m
      self.n = n
      self.k = k
    }
  }

  static let shapes = [
    Shape(1, 1, 1), Shape(1, 17, 5), Shape(17, 1, 5), Shape(5, 3, 1), Shape(7, 11, 13), Shape(33, 35, 37),
    Shape(64, 48, 32), Shape(3, 129, 65), Shape(130, 2, 67), Shape(16, 16, 16), Shape(31, 97, 100), Shape(97, 31, 3),
    Shape(9, 300, 1601), Shape(200, 5, 769),
  ]

  /// a [m, k], b [k, n] or [n, k], and c [m, n], each with unused numbers after its rows.
  private struct Operands {
    let shape: Shape
    let bTransposed: Bool
    let gap: Int
    let a, b, c: FloatBuffer
    let start: [Float]

    var aStride: Int { shape.k + gap }
    var bStride: Int { (bTransposed ? shape.k : shape.n) + gap }
    var cStride: Int { shape.n + gap }

    init(_ shape: Shape, bTransposed: Bool, gap: Int, seed: UInt64) {
      self.shape = shape
      self.bTransposed = bTransposed
      self.gap = gap
      var numbers = SeededNumbers(seed: seed)
      func filled(_ count: Int) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        let values = numbers.normal(count: count)
        for index in 0..<count { buffer.pointer[index] = values[index] }
        return buffer
      }
      a = filled(shape.m * (shape.k + gap))
      b = filled((bTransposed ? shape.n : shape.k) * ((bTransposed ? shape.k : shape.n) + gap))
      c = filled(shape.m * (shape.n + gap))
      start = Array(UnsafeBufferPointer(start: c.pointer, count: c.count))
    }

    /// alpha a b + beta c, and what lies between c's rows unchanged.
    func expected(alpha: Double, beta: Double) -> [Double] {
      var values = start.map(Double.init)
      for row in 0..<shape.m {
        for column in 0..<shape.n {
          var sum = 0.0
          for index in 0..<shape.k {
            let right = bTransposed ? b.pointer[column * bStride + index] : b.pointer[index * bStride + column]
            sum += Double(a.pointer[row * aStride + index]) * Double(right)
          }
          values[row * cStride + column] = alpha * sum + beta * values[row * cStride + column]
        }
      }
      return values
    }

    var found: [Float] { Array(UnsafeBufferPointer(start: c.pointer, count: c.count)) }

    /// Numbers that no product may touch.
    func untouched(_ values: [Float]) -> [UInt32] {
      values.indices.filter { $0 % cStride >= shape.n }.map { values[$0].bitPattern }
    }
  }

  @Test(arguments: shapes, [false, true]) func onOneThread(_ shape: Shape, bTransposed: Bool) {
    for gap in [0, 5] {
      for (alpha, beta) in [(1, 0), (0.125, 0), (1, 1), (-2, 0.5), (0, 2)] as [(Float, Float)] {
        let operands = Operands(shape, bTransposed: bTransposed, gap: gap, seed: 51)
        Product.multiply(
          m: shape.m, n: shape.n, k: shape.k, alpha: alpha, a: operands.a.pointer, aStride: operands.aStride,
          b: operands.b.pointer, bStride: operands.bStride, bTransposed: bTransposed, beta: beta,
          c: operands.c.pointer, cStride: operands.cStride)
        expectClose(
          operands.found, operands.expected(alpha: Double(alpha), beta: Double(beta)),
          absolute: 2e-6 * Double(shape.k), relative: 1e-6, "\(shape) alpha \(alpha) beta \(beta) gap \(gap)")
        #expect(operands.untouched(operands.found) == operands.untouched(operands.start))
      }
    }
  }

  /// beta 0 does not read c, so that NaN left in it is gone.
  @Test func betaZeroOverwrites() {
    let operands = Operands(Shape(5, 6, 7), bTransposed: false, gap: 0, seed: 52)
    let expected = operands.expected(alpha: 1, beta: 0)
    for index in 0..<operands.c.count { operands.c.pointer[index] = .nan }
    Product.multiply(
      m: 5, n: 6, k: 7, a: operands.a.pointer, aStride: 7, b: operands.b.pointer, bStride: 6, bTransposed: false,
      c: operands.c.pointer, cStride: 6)
    expectClose(operands.found, expected, absolute: 2e-5, relative: 1e-6, "over NaN")
  }

  /// Both ways of cutting (m above n and below), each element finished exactly once, after it was made.
  @Test(arguments: shapes, 1...4) func onThreads(_ shape: Shape, threads: Int) {
    for bTransposed in [false, true] {
      let operands = Operands(shape, bTransposed: bTransposed, gap: 3, seed: 53)
      let width = operands.cStride
      let c = operands.c.pointer
      Product.multiply(
        threads: Threads(threads), m: shape.m, n: shape.n, k: shape.k, a: operands.a.pointer,
        aStride: operands.aStride, b: operands.b.pointer, bStride: operands.bStride, bTransposed: bTransposed,
        c: operands.c.pointer, cStride: width
      ) { rows, columns in
        for row in rows {
          for column in columns { c[row * width + column] += 1000 }
        }
      }
      var expected = operands.expected(alpha: 1, beta: 0)
      for index in expected.indices where index % width < shape.n { expected[index] += 1000 }
      expectClose(
        operands.found, expected, absolute: 2e-4 + 2e-6 * Double(shape.k), relative: 0, "\(shape) \(threads) threads")
      #expect(operands.untouched(operands.found) == operands.untouched(operands.start))
    }
  }

  /// An element depends on its row and column alone: not on what is made beside it, nor on who makes it.
  @Test(arguments: [false, true]) func bitsDoNotDependOnTheCutting(bTransposed: Bool) {
    let whole = Operands(Shape(150, 300, 800), bTransposed: bTransposed, gap: 0, seed: 55)
    func product(rows: Range<Int>, columns: Range<Int>, threads: Int) -> [[UInt32]] {
      let c = FloatBuffer(count: rows.count * columns.count)
      Product.multiply(
        threads: Threads(threads), m: rows.count, n: columns.count, k: 800,
        a: whole.a.pointer + rows.lowerBound * 800, aStride: 800,
        b: whole.b.pointer + columns.lowerBound * (bTransposed ? 800 : 1), bStride: whole.bStride,
        bTransposed: bTransposed, c: c.pointer, cStride: columns.count
      ) { _, _ in }
      return (0..<rows.count).map { row in
        (0..<columns.count).map { c.pointer[row * columns.count + $0].bitPattern }
      }
    }
    let expected = product(rows: 0..<150, columns: 0..<300, threads: 1)
    for threads in 1...4 { #expect(product(rows: 0..<150, columns: 0..<300, threads: threads) == expected) }
    for (rows, columns) in [(3..<11, 0..<300), (0..<150, 7..<24), (101..<150, 299..<300), (20..<90, 128..<261)] {
      #expect(product(rows: rows, columns: columns, threads: 2) == expected[rows].map { Array($0[columns]) })
    }
  }

  @Test(arguments: [Shape(0, 4, 3), Shape(4, 0, 3)]) func nothingToMake(_ shape: Shape) {
    let operands = Operands(shape, bTransposed: false, gap: 1, seed: 54)
    Product.multiply(
      threads: Threads(2), m: shape.m, n: shape.n, k: shape.k, a: operands.a.pointer, aStride: operands.aStride,
      b: operands.b.pointer, bStride: operands.bStride, bTransposed: false, c: operands.c.pointer,
      cStride: operands.cStride
    ) { rows, columns in #expect(rows.isEmpty || columns.isEmpty) }
    #expect(operands.found.map(\.bitPattern) == operands.start.map(\.bitPattern))
  }
}
