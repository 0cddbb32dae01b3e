/// First and second moments of pairs of rows (x, y), summed in Double over a stream of rows: for a regression of y on x
/// in closed form, a variance, or a similarity of two sets of states.
///
/// The sums depend on the order of the rows and the division into calls (their rounding does), not on the number of
/// threads.
package struct PairedMoments: Sendable {
  /// x and y.
  private var streams: StreamMoments

  static let pairs: Set<StreamMoments.Pair> = [.init(0, 0), .init(0, 1), .init(1, 1)]

  /// - Parameters:
  ///   - p: numbers per x; `q`: per y.
  package init(p: Int, q: Int) { self.init(StreamMoments(widths: [p, q], pairs: Self.pairs)) }

  /// - Parameter streams: two, with `pairs`.
  init(_ streams: StreamMoments) { self.streams = streams }

  /// Rows added.
  package var count: Int { streams.count }
  /// Σ x, [p].
  package var sumX: [Double] { streams.sums[0] }
  /// Σ y, [q].
  package var sumY: [Double] { streams.sums[1] }
  /// Σ xᵀ x, [p, p], symmetric.
  package var xx: DoubleMatrix { streams.product(0, 0) }
  /// Σ xᵀ y, [p, q].
  package var xy: DoubleMatrix { streams.product(0, 1) }
  /// Σ yᵀ y, [q, q], symmetric.
  package var yy: DoubleMatrix { streams.product(1, 1) }

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
    streams.add([x, y], rows: rows, threads: threads)
  }
}
