import COpenBLAS

/// First and second moments of pairs of rows (x, y), summed in Double as the rows stream by: what a regression of y on x
/// in closed form, a variance, or a similarity of two sets of states needs.
///
/// The sums depend on the order of the rows and on where one call ends and the next begins (their rounding does), not on
/// the number of threads.
public struct PairedMoments: Sendable {
  /// Rows seen.
  public private(set) var count = 0
  /// Σ x, [p].
  public private(set) var sumX: [Double]
  /// Σ y, [q].
  public private(set) var sumY: [Double]
  /// Σ xᵀ x, [p, p], symmetric.
  public private(set) var xx: DoubleMatrix
  /// Σ xᵀ y, [p, q].
  public private(set) var xy: DoubleMatrix
  /// Σ yᵀ y, [q, q], symmetric.
  public private(set) var yy: DoubleMatrix

  /// - Parameters:
  ///   - p: numbers in an x; `q`: in a y.
  public init(p: Int, q: Int) {
    sumX = [Double](repeating: 0, count: p)
    sumY = [Double](repeating: 0, count: q)
    xx = DoubleMatrix(rows: p, columns: p)
    xy = DoubleMatrix(rows: p, columns: q)
    yy = DoubleMatrix(rows: q, columns: q)
  }

  /// The mean of x, [p]; zeros before the first row.
  public var meanX: [Double] { sumX.map { count > 0 ? $0 / Double(count) : 0 } }
  /// The mean of y, [q].
  public var meanY: [Double] { sumY.map { count > 0 ? $0 / Double(count) : 0 } }

  /// Covariances (divided by the count): about the means, [p, p], [p, q] and [q, q].
  public var covariances: (xx: DoubleMatrix, xy: DoubleMatrix, yy: DoubleMatrix) {
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

  /// Takes in `rows` pairs.
  /// - Parameters:
  ///   - x: [rows, p], row-major; `y`: [rows, q].
  public mutating func add(
    x: UnsafePointer<Float>, y: UnsafePointer<Float>, rows: Int, threads: Threads
  ) {
    let (p, q) = (sumX.count, sumY.count)
    // A block of rows in Double, x and y side by side: [block, p + q].
    let (width, block) = (p + q, 512)
    var wide = [Double](repeating: 0, count: min(block, max(rows, 1)) * width)
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
      accumulate(wide, height: height, width: width, threads: threads)
    }
    count += rows
  }

  private mutating func accumulate(_ wide: [Double], height: Int, width: Int, threads: Threads) {
    let (p, q) = (sumX.count, sumY.count)
    func add(_ left: Int, _ rows: Int, _ right: Int, _ columns: Int, to sums: inout DoubleMatrix) {
      guard rows > 0, columns > 0, height > 0 else { return }
      let parts = threads.ranges(of: columns, granularity: 8)
      sums.values.withUnsafeMutableBufferPointer { out in
        wide.withUnsafeBufferPointer { wide in
          guard let out = out.baseAddress, let wide = wide.baseAddress else { return }
          threads.run(parts.count) { part, _ in
            let range = parts[part]
            cblas_dgemm(
              CblasRowMajor, CblasTrans, CblasNoTrans, blasint(rows), blasint(range.count), blasint(height), 1,
              wide + left, blasint(width), wide + right + range.lowerBound, blasint(width), 1, out + range.lowerBound,
              blasint(columns))
          }
        }
      }
    }
    add(0, p, 0, p, to: &xx)
    add(0, p, p, q, to: &xy)
    add(p, q, p, q, to: &yy)
  }
}
