import DenseMath

/// How the nearest input is found among those of the same text.
package enum NeighbourMetric: String, CaseIterable, Sendable {
  /// The largest cosine: the angle alone.
  case cosine
  /// The smallest distance: angle and length.
  case l2
  /// The nearest length alone.
  case norm
}

/// 1-nearest neighbours of mapped hidden states among the inputs of one text.
enum TokenNeighbours {
  /// The number of rows whose own input is the nearest, for each metric in the order of `allCases`; of equally near
  /// ones the first counts.
  /// - Parameters:
  ///   - mapped: g of the states, [rows, width].
  ///   - inputs: [rows, width]
  static func hits(
    _ mapped: UnsafePointer<Float>, inputs: UnsafePointer<Float>, rows: Int, width: Int, threads: Threads
  ) -> [Int] {
    let products = FloatBuffer(uninitializedCount: rows * rows)
    Product.multiply(
      MatrixView(mapped, rows: rows, columns: width), MatrixView(inputs, rows: rows, columns: width).transposed,
      into: MutableMatrixView(products, rows: rows, columns: rows), threads: threads)
    let squares = (0..<rows).map { VectorMath.dot(inputs + $0 * width, inputs + $0 * width, count: width) }
    let lengths = squares.map { $0.squareRoot() }
    var hits = [0, 0, 0]
    for row in 0..<rows {
      let line = products.pointer + row * rows
      let own = VectorMath.dot(mapped + row * width, mapped + row * width, count: width).squareRoot()
      // The length of the state itself is the same for all of a row and has no effect.
      if first(rows, { lengths[$0] > 0 ? -Double(line[$0]) / lengths[$0] : 0 }) == row { hits[0] += 1 }
      if first(rows, { squares[$0] - 2 * Double(line[$0]) }) == row { hits[1] += 1 }
      if first(rows, { abs(own - lengths[$0]) }) == row { hits[2] += 1 }
    }
    return hits
  }

  /// The first index of the least value.
  private static func first(_ count: Int, _ value: (Int) -> Double) -> Int {
    var best = (value: Double.infinity, place: 0)
    for place in 0..<count {
      let value = value(place)
      if value < best.value { best = (value, place) }
    }
    return best.place
  }
}
