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

    var left: MatrixView { MatrixView(a.pointer, rows: shape.m, columns: shape.k, stride: aStride) }
    var right: MatrixView {
      bTransposed
        ? MatrixView(b.pointer, rows: shape.n, columns: shape.k, stride: bStride).transposed
        : MatrixView(b.pointer, rows: shape.k, columns: shape.n, stride: bStride)
    }
    var out: MutableMatrixView { MutableMatrixView(c.pointer, rows: shape.m, columns: shape.n, stride: cStride) }

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

    /// a b, or c + a b, with the numbers between c's rows unchanged.
    func expected(adding: Bool = false) -> [Double] {
      var values = start.map(Double.init)
      for row in 0..<shape.m {
        for column in 0..<shape.n {
          var sum = 0.0
          for index in 0..<shape.k {
            let right = bTransposed ? b.pointer[column * bStride + index] : b.pointer[index * bStride + column]
            sum += Double(a.pointer[row * aStride + index]) * Double(right)
          }
          values[row * cStride + column] = sum + (adding ? values[row * cStride + column] : 0)
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
      for adding in [nil, false, true] {
        let operands = Operands(shape, bTransposed: bTransposed, gap: gap, seed: 51)
        if let adding {
          Product.multiply(operands.left, operands.right, into: operands.out, adding: adding, threads: Threads(1))
        } else {
          Product.multiplyWithOpenBLAS(operands.left, operands.right, into: operands.out, threads: Threads(1))
        }
        expectClose(
          operands.found, operands.expected(adding: adding ?? false), absolute: 2e-6 * Double(shape.k),
          relative: 1e-6, "\(shape) adding \(adding.map { "\($0)" } ?? "OpenBLAS") gap \(gap)")
        #expect(operands.untouched(operands.found) == operands.untouched(operands.start))
      }
    }
  }

  /// Without adding c is not read, so that a NaN in it is overwritten.
  @Test func overwritesWhatWasThere() {
    let operands = Operands(Shape(5, 6, 7), bTransposed: false, gap: 0, seed: 52)
    let expected = operands.expected()
    for index in 0..<operands.c.count { operands.c.pointer[index] = .nan }
    Product.multiply(operands.left, operands.right, into: operands.out, threads: Threads(1))
    expectClose(operands.found, expected, absolute: 2e-5, relative: 1e-6, "over NaN")
  }

  /// Both divisions (m above n and below), each element finished exactly once, after its computation.
  @Test(arguments: shapes, 1...4) func onThreads(_ shape: Shape, threads: Int) {
    for bTransposed in [false, true] {
      let operands = Operands(shape, bTransposed: bTransposed, gap: 3, seed: 53)
      let (width, out) = (operands.cStride, operands.out)
      Product.multiply(operands.left, operands.right, into: out, threads: Threads(threads)) { rows, columns in
        for row in rows {
          for column in columns { out.pointer(row, column).pointee += 1000 }
        }
      }
      var expected = operands.expected()
      for index in expected.indices where index % width < shape.n { expected[index] += 1000 }
      expectClose(
        operands.found, expected, absolute: 2e-4 + 2e-6 * Double(shape.k), relative: 0, "\(shape) \(threads) threads")
      #expect(operands.untouched(operands.found) == operands.untouched(operands.start))
    }
  }

  /// An element depends on its row and column alone: not on other elements or threads.
  @Test(arguments: [false, true]) func bitsDoNotDependOnTheCutting(bTransposed: Bool) {
    let whole = Operands(Shape(150, 300, 800), bTransposed: bTransposed, gap: 0, seed: 55)
    func product(rows: Range<Int>, columns: Range<Int>, threads: Int) -> [[UInt32]] {
      let c = FloatBuffer(count: rows.count * columns.count)
      Product.multiply(
        whole.left[rows: rows], whole.right[columns: columns],
        into: MutableMatrixView(c, rows: rows.count, columns: columns.count), threads: Threads(threads))
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
    Product.multiply(operands.left, operands.right, into: operands.out, threads: Threads(2)) { rows, columns in
      #expect(rows.isEmpty || columns.isEmpty)
    }
    #expect(operands.found.map(\.bitPattern) == operands.start.map(\.bitPattern))
  }
}
