import DenseMath
import Foundation
import TestSupport
import Testing

/// The kernels of derivatives, against differences and plain loops in Double, on every instruction set.
@Suite struct DerivativeTests {
  static let slopes: [(name: String, apply: @Sendable (UnsafeMutablePointer<Float>, Int) -> Void)] = [
    ("geluErf", { VectorMath.geluErfSlope($0, count: $1) }), ("geluTanh", { VectorMath.geluTanhSlope($0, count: $1) }),
    ("geluSigmoid", { VectorMath.geluSigmoidSlope($0, count: $1) }), ("silu", { VectorMath.siluSlope($0, count: $1) }),
    ("tanh", { VectorMath.tanhSlope($0, count: $1) }), ("relu", { VectorMath.reluSlope($0, count: $1) }),
  ]

  /// Measured: at most 1.9e-7 from the central difference.
  @Test(arguments: Rows.sets, ActivationCase.all) func slopesOfActivations(
    set: InstructionSet, activation: ActivationCase
  ) throws {
    let slope = try #require(Self.slopes.first { $0.name == activation.name })
    // No number is so near 0 that the kink of relu is within a difference.
    var row = (-4_000...4_000).map { Float($0) / 331 + 0.0011 }
    let expected = row.map { x in
      let step = 1e-5
      return (activation.exact(Double(x) + step) - activation.exact(Double(x) - step)) / (2 * step)
    }
    try set.run { row.withUnsafeMutableBufferPointer { slope.apply($0.baseAddress!, $0.count) } }
    expectClose(row, expected, absolute: 6e-7, relative: 0, activation.name)
  }

  @Test(arguments: Rows.sets) func slopesOfExtremes(_ set: InstructionSet) throws {
    for slope in Self.slopes {
      var row: [Float] = [.infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0]
      try set.run { row.withUnsafeMutableBufferPointer { slope.apply($0.baseAddress!, $0.count) } }
      let bounded = slope.name == "tanh"
      #expect(row[0] == (bounded ? 0 : 1) && row[1] == 0 && row[2].isNaN, "\(slope.name): \(row)")
      #expect(row[3] == (bounded ? 0 : 1) && row[4] == 0, "\(slope.name): \(row)")
      #expect(row[5] == ["relu": 0, "tanh": 1][slope.name] ?? 0.5, "\(slope.name): \(row)")
    }
  }

  @Test(arguments: Rows.sets) func elementwise(_ set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 11)
    for count in Rows.counts where count > 0 {
      let (x, a, b) = (numbers.normal(count: count), numbers.normal(count: count), numbers.normal(count: count))
      var (product, sum, softmax) = (x, x, x)
      var dot = 0.0
      try set.run {
        VectorMath.multiply(&product, by: a, count: count)
        VectorMath.addProduct(a, b, to: &sum, count: count)
        VectorMath.softmaxDerivative(&softmax, weights: a, offset: 0.75, count: count)
        dot = VectorMath.dot(a, b, count: count)
      }
      let (dx, da, db) = (x.map(Double.init), a.map(Double.init), b.map(Double.init))
      expectClose(product, zip(dx, da).map(*), absolute: 1e-6, relative: 1e-6, "product")
      expectClose(sum, zip(dx, zip(da, db)).map { $0 + $1.0 * $1.1 }, absolute: 1e-6, relative: 1e-6, "sum")
      expectClose(softmax, zip(dx, da).map { $1 * ($0 - 0.75) }, absolute: 1e-6, relative: 1e-6, "softmax")
      expectClose([dot], [zip(da, db).map(*).reduce(0, +)], absolute: 2e-5, relative: 0, "dot")
    }
  }

  /// P is the derivative of the standardised row, and symmetric: for any u and v, u · P v = v · P u.
  @Test(arguments: Rows.sets) func standardization(_ set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 12)
    for count in Rows.counts where count > 2 {
      let x = numbers.normal(mean: 3, deviation: 2, count: count)
      let (v, before, after) = (
        numbers.normal(count: count), numbers.normal(count: count), numbers.normal(count: count)
      )
      var (y, out) = (x, v)
      try set.run {
        let scale = VectorMath.standardize(x, epsilon: 1e-5, into: &y, count: count)
        VectorMath.standardizeDerivative(
          v, before: before, after: after, standardized: y, scale: scale, into: &out, count: count)
      }
      func standardized(_ x: [Double]) -> [Double] {
        let mean = x.reduce(0, +) / Double(count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        return x.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
      }
      let (dx, u) = (x.map(Double.init), zip(v, before).map { Double($0) * Double($1) })
      let step = 1e-5
      let high = standardized(zip(dx, u).map { $0 + step * $1 })
      let low = standardized(zip(dx, u).map { $0 - step * $1 })
      expectCloseToLargest(y, standardized(dx), fraction: 1e-6, "standardized \(count)")
      expectCloseToLargest(
        out, zip(zip(high, low), after).map { ($0.0 - $0.1) / (2 * step) * Double($1) }, fraction: 5e-6,
        "derivative \(count)")
    }
  }

  @Test(arguments: Rows.sets, [(1, 1), (3, 5), (4, 4), (7, 33), (33, 7), (64, 48), (100, 19)])
  func transposition(set: InstructionSet, size: (Int, Int)) throws {
    let (rows, columns) = size
    let (fromStride, toStride) = (columns + 3, rows + 2)
    let from = (0..<rows * fromStride).map(Float.init)
    var to = [Float](repeating: -1, count: columns * toStride)
    try set.run {
      VectorMath.transpose(from, stride: fromStride, rows: rows, columns: columns, into: &to, stride: toStride)
    }
    for column in 0..<columns {
      for row in 0..<toStride {
        #expect(to[column * toStride + row] == (row < rows ? from[row * fromStride + column] : -1))
      }
    }
  }

  /// c + aᵀ b, whatever the shape; the same bits on any number of threads.
  @Test(arguments: [(1, 1, 1), (5, 7, 3), (33, 130, 70), (130, 40, 900)]) func transposedProducts(
    _ size: (Int, Int, Int)
  ) throws {
    let (m, n, k) = size
    var numbers = SeededNumbers(seed: 13)
    let a = Tensor(shape: [k, m + 2], numbers.normal(count: k * (m + 2)))
    let b = Tensor(shape: [k, n + 1], numbers.normal(count: k * (n + 1)))
    let start = numbers.normal(count: m * n)
    func result(_ threads: Int, adding: Bool = true) -> [Float] {
      var c = start
      var finished = [Int](repeating: 0, count: m * n)
      c.withUnsafeMutableBufferPointer { c in
        finished.withUnsafeMutableBufferPointer { finished in
          guard let c = c.baseAddress, let finished = finished.baseAddress else { return }
          Product.multiply(
            MatrixView(a)[columns: 0..<m].transposed, MatrixView(b)[columns: 0..<n],
            into: MutableMatrixView(c, rows: m, columns: n), adding: adding, threads: Threads(threads)
          ) { rows, columns in
            for row in rows { for column in columns { finished[row * n + column] += 1 } }
          }
        }
      }
      #expect(finished.allSatisfy { $0 == 1 })
      return c
    }
    let expected = (0..<m * n).map { index in
      (0..<k).reduce(Double(start[index])) {
        $0 + Double(a[$1 * (m + 2) + index / n]) * Double(b[$1 * (n + 1) + index % n])
      }
    }
    expectCloseToLargest(result(1), expected, fraction: 1e-6, "\(size)")
    #expect(result(1) == result(3))
    let alone = zip(expected, start).map { $0 - Double($1) }
    expectCloseToLargest(result(2, adding: false), alone, fraction: 2e-6, "\(size)")
  }
}
