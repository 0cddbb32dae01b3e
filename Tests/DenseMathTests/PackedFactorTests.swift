import DenseMath
import TestSupport
import Testing

/// Products with a packed factor against plain loops in Double, on every instruction set.
@Suite struct PackedFactorTests {
  static let sizes = [1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 65]

  @Test(arguments: Rows.sets, [false, true])
  func multiplies(set: InstructionSet, transposed: Bool) throws {
    var numbers = SeededNumbers(seed: 61)
    let (mostRows, mostColumns, gap) = (65, 65, 3)
    let a = Tensor(shape: [65 * (mostRows + gap)], numbers.normal(count: 65 * (mostRows + gap)))
    let b = Tensor(
      shape: [(mostRows + gap) * (mostColumns + gap)], numbers.normal(count: (mostRows + gap) * (mostColumns + gap)))
    let start = numbers.normal(count: 65 * (mostColumns + gap))
    try set.run {
      for rows in Self.sizes {
        for columns in Self.sizes {
          let bStride = (transposed ? rows : columns) + gap
          let memory = FloatBuffer(count: PackedFactor.size(rows: rows, columns: columns))
          let stored = MatrixView(
            b.pointer, rows: transposed ? columns : rows, columns: transposed ? rows : columns, stride: bStride)
          let factor = PackedFactor(transposed ? stored.transposed : stored, memory: memory.pointer)
          for (m, k, n, alpha, adding) in [
            (1, rows, columns, Float(1), false), (29, rows, columns, 0.25, true),
            (13, (rows + 1) / 2, columns, -1, true),
            (14, rows, (columns + 1) / 2, 2, false),
          ] {
            let (aStride, cStride) = (rows + gap, columns + gap)
            var c = Array(start.prefix(m * cStride))
            var expected = c.map(Double.init)
            for row in 0..<m {
              for column in 0..<n {
                let sum = (0..<k).reduce(0.0) { sum, index in
                  let right = transposed ? b[column * bStride + index] : b[index * bStride + column]
                  return sum + Double(a[row * aStride + index]) * Double(right)
                }
                let before = adding ? expected[row * cStride + column] : 0
                expected[row * cStride + column] = before + Double(alpha) * sum
              }
            }
            c.withUnsafeMutableBufferPointer { c in
              guard let c = c.baseAddress else { return }
              factor.multiply(
                MatrixView(a.pointer, rows: m, columns: k, stride: aStride), alpha: alpha, adding: adding,
                into: MutableMatrixView(c, rows: m, columns: n, stride: cStride))
            }
            expectClose(c, expected, absolute: 4e-6 * Double(k), relative: 0, "\(m) x \(k) x \(n)")
          }
        }
      }
    }
  }
}
