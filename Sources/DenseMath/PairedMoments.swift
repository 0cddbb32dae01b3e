/// First and second moments of pairs of rows (x, y), summed in Double over a stream of rows: for a regression of y on x
/// in closed form, a variance, or a similarity of two sets of states.
///
/// The sums depend on the order of the rows and the division into calls (their rounding does), not on the number of
/// threads.
package struct PairedMoments: Sendable {
  /// Rows added.
  package private(set) var count = 0
  /// Σ x, [p].
  package private(set) var sumX: [Double]
  /// Σ y, [q].
  package private(set) var sumY: [Double]
  /// Σ xᵀ x, [p, p], symmetric.
  package private(set) var xx: DoubleMatrix
  /// Σ xᵀ y, [p, q].
  package private(set) var xy: DoubleMatrix
  /// Σ yᵀ y, [q, q], symmetric.
  package private(set) var yy: DoubleMatrix

  /// - Parameters:
  ///   - p: numbers per x; `q`: per y.
  package init(p: Int, q: Int) {
    sumX = [Double](repeating: 0, count: p)
    sumY = [Double](repeating: 0, count: q)
    xx = DoubleMatrix(rows: p, columns: p)
    xy = DoubleMatrix(rows: p, columns: q)
    yy = DoubleMatrix(rows: q, columns: q)
  }

  /// The mean of x, [p]; zeros before the first row.
  package var meanX: [Double] { sumX.map { count > 0 ? $0 / Double(count) : 0 } }
  /// The mean of y, [q].
  package var meanY: [Double] { sumY.map { count > 0 ? $0 / Double(count) : 0 } }

  /// Covariances (divided by the count): [p, p], [p, q] and [q, q].
  package var covariances: (xx: DoubleMatrix, xy: DoubleMatrix, yy: DoubleMatrix) {
    let (meanX, meanY) = (meanX, meanY)
    func centred(_ sums: DoubleMatrix, _ left: [Double], _ right: [Double]) -> DoubleMatrix {
      var result = sums
      for row in 0..<sums.rows {
        for column in 0..<sums.columns {
          result[row, column] = sums[row, column] / Double(max(count, 1)) - left[row] * right[column]
        }
      }
      return result
    }
    return (centred(xx, meanX, meanX), centred(xy, meanX, meanY), centred(yy, meanY, meanY))
  }

  /// Adds `rows` pairs.
  /// - Parameters:
  ///   - x: [rows, p], row-major; `y`: [rows, q].
  package mutating func add(
    x: UnsafePointer<Float>, y: UnsafePointer<Float>, rows: Int, threads: Threads
  ) {
    let (p, q) = (sumX.count, sumY.count)
    let block = min(Self.block, rows)
    let (xLeft, xRight) = (
      DoublePanels(.left, lines: p, capacity: block), DoublePanels(.right, lines: p, capacity: block)
    )
    let (yLeft, yRight) = (
      DoublePanels(.left, lines: q, capacity: block), DoublePanels(.right, lines: q, capacity: block)
    )
    for start in stride(from: 0, to: rows, by: Self.block) {
      let steps = min(Self.block, rows - start)
      let (x, y) = (x + start * p, y + start * q)
      threads.runRows(steps) { step in
        let (x, y) = (x + step * p, y + step * q)
        xLeft.setStep(step) { Double(x[$0]) }
        xRight.setStep(step) { Double(x[$0]) }
        yLeft.setStep(step) { Double(y[$0]) }
        yRight.setStep(step) { Double(y[$0]) }
      }
      Self.addRows(x, rows: steps, to: &sumX, threads: threads)
      Self.addRows(y, rows: steps, to: &sumY, threads: threads)
      func add(_ a: DoublePanels, _ b: DoublePanels, to sums: inout DoubleMatrix, isSymmetric: Bool) {
        sums.values.withUnsafeMutableBufferPointer { out in
          guard let out = out.baseAddress else { return }
          DoublePanels.multiply(a, b, steps: steps, into: out, adding: true, isSymmetric: isSymmetric, threads: threads)
        }
      }
      add(xLeft, xRight, to: &xx, isSymmetric: true)
      add(xLeft, yRight, to: &xy, isSymmetric: false)
      add(yLeft, yRight, to: &yy, isSymmetric: true)
    }
    xx.mirror()
    yy.mirror()
    count += rows
  }

  /// Rows converted at a time.
  private static let block = 512

  /// Adds rows to a sum of rows, each column in the order of the rows.
  private static func addRows(
    _ x: UnsafePointer<Float>, rows: Int, to sums: inout [Double], threads: Threads
  ) {
    let width = sums.count
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      let parts = threads.ranges(of: width, granularity: 16)
      threads.run(parts.count) { part, _ in
        for row in 0..<rows {
          for column in parts[part] { sums[column] += Double(x[row * width + column]) }
        }
      }
    }
  }
}
