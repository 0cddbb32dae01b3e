import DenseMath
import TestSupport
import Testing

/// Sums of rows and of products of rows, against plain loops.
@Suite struct PairedMomentsTests {
  @Test(arguments: [(1, 1, 1), (3, 5, 2), (1300, 17, 9), (600, 4, 33)])
  func sumsMatchPlainLoops(_ rows: Int, _ p: Int, _ q: Int) {
    var numbers = SeededNumbers(seed: UInt64(rows + p))
    let x = (0..<rows * p).map { _ in Float(numbers.normal() + 0.5) }
    let y = (0..<rows * q).map { _ in Float(numbers.normal() - 1) }
    var moments = PairedMoments(p: p, q: q)
    let first = rows / 3
    for range in [0..<first, first..<rows] {
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          moments.add(
            x: x + range.lowerBound * p, y: y + range.lowerBound * q, rows: range.count, threads: Threads(2))
        }
      }
    }
    func sum(_ a: [Float], _ widthA: Int, _ b: [Float], _ widthB: Int) -> [Double] {
      (0..<widthA).flatMap { i in
        (0..<widthB).map { j in
          (0..<rows).reduce(0.0) { $0 + Double(a[$1 * widthA + i]) * Double(b[$1 * widthB + j]) }
        }
      }
    }
    #expect(moments.count == rows)
    let scale = 1e-12 * Double(rows)
    expectClose(moments.xx.values, sum(x, p, x, p), absolute: scale, relative: 0, "Σ xᵀx")
    expectClose(moments.xy.values, sum(x, p, y, q), absolute: scale, relative: 0, "Σ xᵀy")
    expectClose(moments.yy.values, sum(y, q, y, q), absolute: scale, relative: 0, "Σ yᵀy")
    let means = (0..<p).map { i in (0..<rows).reduce(0.0) { $0 + Double(x[$1 * p + i]) } / Double(rows) }
    expectClose(moments.meanX, means, absolute: 1e-12, relative: 0, "mean")
    let (covariance, _, _) = moments.covariances
    let variance = (0..<rows).reduce(0.0) { $0 + (Double(x[$1 * p]) - means[0]) * (Double(x[$1 * p]) - means[0]) }
    expectClose([covariance[0, 0]], [variance / Double(rows)], absolute: 1e-12, relative: 1e-11, "variance")
  }

  @Test func threadsDoNotMatter() {
    let x = (0..<700 * 40).map { Float(($0 * 7919) % 1009) / 1009 }
    func moments(_ threads: Int) -> PairedMoments {
      var moments = PairedMoments(p: 40, q: 40)
      x.withUnsafeBufferPointer {
        guard let x = $0.baseAddress else { return }
        moments.add(x: x, y: x, rows: 700, threads: Threads(threads))
      }
      return moments
    }
    #expect(moments(1).xy == moments(3).xy)
  }
}
