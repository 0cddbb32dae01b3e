import DenseMath
import TestSupport
import Testing

/// Products of numbers rounded to bfloat16, on every instruction set.
@Suite struct RoundedProductTests {
  /// To nearest, ties to even, by the bits.
  private static func rounded(_ x: Float) -> Float {
    if x.isNaN { return x }
    let bits = x.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  /// - Parameter b: [k, n], or [n, k] where it is transposed.
  private func product(_ a: Tensor, _ b: Tensor, transposed: Bool = true, threads: Int = 1) -> [Float] {
    let view = transposed ? MatrixView(b).transposed : MatrixView(b)
    let c = FloatBuffer(count: a.rows * view.columns + 3)
    for index in 0..<c.count { c.pointer[index] = -7 }
    withExtendedLifetime((a, b)) {
      Product.multiply(
        MatrixView(a), view, into: MutableMatrixView(c.pointer, rows: a.rows, columns: view.columns),
        rounding: FloatBuffer(count: RoundedRows.size(rows: a.rows, columns: a.columns)), threads: Threads(threads))
    }
    #expect((0..<3).allSatisfy { c.pointer[a.rows * view.columns + $0] == -7 })
    return Array(UnsafeBufferPointer(start: c.pointer, count: a.rows * view.columns))
  }

  /// Sizes around those of tiles, panels, pairs and parts of a sum.
  @Test(arguments: Rows.sets, [false, true]) func multipliesRoundedNumbers(set: InstructionSet, transposed: Bool) throws
  {
    var numbers = SeededNumbers(seed: 81)
    for (m, n, k) in [
      (1, 1, 1), (1, 1, 2), (2, 3, 3), (5, 33, 31), (6, 7, 64), (13, 31, 33), (14, 32, 65), (15, 65, 127),
      (29, 130, 96), (3, 17, 769), (4, 9, 1601),
    ] {
      let a = Tensor(shape: [m, k], numbers.normal(count: m * k))
      let b = Tensor(shape: transposed ? [n, k] : [k, n], numbers.normal(count: k * n))
      let found = try set.run { product(a, b, transposed: transposed) }
      var (expected, largest) = ([Double](), 0.0)
      for row in 0..<m {
        for column in 0..<n {
          let terms = (0..<k).map { step in
            Double(Self.rounded(a[row * k + step]))
              * Double(Self.rounded(transposed ? b[column * k + step] : b[step * n + column]))
          }
          expected.append(terms.reduce(0, +))
          largest = max(largest, terms.reduce(0) { $0 + abs($1) })
        }
      }
      // A sum of Float32 numbers in order.
      expectClose(
        found, expected, absolute: largest * Double(k + 1) * 0x1p-24, relative: 0, "\(set) \(m) x \(k) x \(n)")
    }
  }

  /// The sets with a fused multiply-add agree to the bit, the one that multiplies pairs included; threads do not matter,
  /// and a row and a column alone have the bits that they have among others.
  @Test func bits() throws {
    var numbers = SeededNumbers(seed: 82)
    let (m, n, k) = (150, 300, 1000)
    let a = Tensor(shape: [m, k], numbers.normal(count: m * k))
    let b = Tensor(shape: [n, k], numbers.normal(count: n * k))
    let whole = product(a, b)
    for threads in [2, 3] { #expect(product(a, b, threads: threads) == whole) }
    let fused = Rows.sets.filter { $0 != .portable }
    for set in fused { #expect(try set.run { product(a, b) } == whole, "\(set)") }
    #expect(product(a[rows: 77..<78], b) == Array(whole[77 * n..<78 * n]))
    #expect(product(a, b[rows: 123..<124]) == (0..<m).map { whole[$0 * n + 123] })
  }

  /// One number times 1 is the number rounded.
  @Test(arguments: Rows.sets) func rounding(set: InstructionSet) throws {
    let special: [Float] = [
      0, -0.0, 1, 1.0039062, 1.00390625, 1.01171875, 1.0117188, -2.5, .greatestFiniteMagnitude, .infinity, -.infinity,
      .nan, 1e-38, 1e-40, 3.3895e38, 0x1.7Fp3, 0x1.81p3, 0x1.80p3,
    ]
    var numbers = SeededNumbers(seed: 83)
    let values = special + numbers.normal(count: 300)
    let one = Tensor(shape: [1, 1], [1])
    for transposed in [false, true] {
      let x = Tensor(shape: [values.count, 1], values)
      let row = Tensor(shape: transposed ? [values.count, 1] : [1, values.count], values)
      let (left, right) = try set.run { (product(x, one), product(one, row, transposed: transposed)) }
      for (index, value) in values.enumerated() {
        let expected = Self.rounded(value)
        for found in [left[index], right[index]] {
          // Where the processor multiplies bfloat16 numbers, subnormal ones count as 0.
          let isFlushed = set == .avx512 && abs(value) < .leastNormalMagnitude && found == 0
          #expect(found == expected || (found.isNaN && value.isNaN) || isFlushed, "\(set): \(value)")
        }
      }
    }
  }
}
