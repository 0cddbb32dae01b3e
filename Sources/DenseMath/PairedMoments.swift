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
    // A block of rows in Double, x and y side by side: [block, p + q].
    let (width, block) = (p + q, 512)
    var wide = [Double](repeating: 0, count: min(block, max(rows, 1)) * width)
    let sums = TallSums(threads: threads)
    for start in stride(from: 0, to: rows, by: block) {
      let height = min(block, rows - start)
      for row in 0..<height {
        let (from, to) = (start + row, row * width)
        for column in 0..<p {
          let value = Double(x[from * p + column])
          wide[to + column] = value
          sumX[column] += value
        }
        for column in 0..<q {
          let value = Double(y[from * q + column])
          wide[to + p + column] = value
          sumY[column] += value
        }
      }
      wide.withUnsafeBufferPointer { wide in
        guard let left = wide.baseAddress else { return }
        let right = left + p
        xx.values.withUnsafeMutableBufferPointer { out in
          if let out = out.baseAddress { sums.addOwn(left, p, stride: width, height: height, to: out) }
        }
        xy.values.withUnsafeMutableBufferPointer { out in
          guard let out = out.baseAddress else { return }
          sums.add(left, p, xStride: width, right, q, yStride: width, height: height, to: out)
        }
        yy.values.withUnsafeMutableBufferPointer { out in
          if let out = out.baseAddress { sums.addOwn(right, q, stride: width, height: height, to: out) }
        }
      }
    }
    TallSums.mirror(&xx)
    TallSums.mirror(&yy)
    count += rows
  }
}
