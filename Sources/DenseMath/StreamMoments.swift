/// Sums of rows, and of products of rows, of several streams of vectors of the same tokens, in Double: what a regression of
/// one stream on any of the others needs, in one pass.
///
/// The sums depend on the order of the rows and the division into calls (their rounding does), not on the number of
/// threads, nor on which other products are kept.
package struct StreamMoments: Sendable {
  /// Two streams whose product is kept.
  package struct Pair: Hashable, Comparable, Sendable {
    let first: Int
    let second: Int

    /// In either order.
    package init(_ one: Int, _ other: Int) {
      first = min(one, other)
      second = max(one, other)
    }

    package static func < (left: Pair, right: Pair) -> Bool {
      (left.first, left.second) < (right.first, right.second)
    }
  }

  /// Numbers per vector of each stream.
  package let widths: [Int]
  /// Rows added.
  package internal(set) var count = 0
  /// Σ x of each stream, [width].
  package internal(set) var sums: [[Double]]
  /// Σ xᵀ y of each pair, the stream with the smaller number first.
  private var products: [DoubleMatrix]
  private let pairs: [Pair]

  /// - Parameters:
  ///   - widths: numbers per vector of each stream.
  ///   - pairs: the products to keep.
  package init(widths: [Int], pairs: Set<Pair>) {
    self.widths = widths
    self.pairs = pairs.sorted()
    sums = widths.map { [Double](repeating: 0, count: $0) }
    products = self.pairs.map { DoubleMatrix(rows: widths[$0.first], columns: widths[$0.second]) }
  }

  /// Σ xᵀ y of two streams; zeros where that product is not kept.
  package func product(_ x: Int, _ y: Int) -> DoubleMatrix {
    guard let place = pairs.firstIndex(of: Pair(x, y)) else {
      return DoubleMatrix(rows: widths[x], columns: widths[y])
    }
    return x <= y ? products[place] : products[place].transposed
  }

  /// Adds `rows` rows of every stream.
  /// - Parameter streams: [rows, width] of each, row-major.
  package mutating func add(_ streams: [UnsafePointer<Float>], rows: Int, threads: Threads) {
    let block = min(Self.block, rows)
    func panels(_ side: DoublePanels.Side, _ isUsed: (Pair, Int) -> Bool) -> [DoublePanels?] {
      widths.indices.map { stream in
        pairs.contains { isUsed($0, stream) }
          ? DoublePanels(side, lines: widths[stream], capacity: block) : nil
      }
    }
    let left = panels(.left) { $0.first == $1 }
    let right = panels(.right) { $0.second == $1 }
    for start in stride(from: 0, to: rows, by: Self.block) {
      let steps = min(Self.block, rows - start)
      for (stream, base) in streams.enumerated() {
        let width = widths[stream]
        nonisolated(unsafe) let rows = base + start * width
        threads.runRows(steps) { step in
          let row = rows + step * width
          left[stream]?.setStep(step) { Double(row[$0]) }
          right[stream]?.setStep(step) { Double(row[$0]) }
        }
        Self.addRows(rows, rows: steps, to: &sums[stream], threads: threads)
      }
      for (place, pair) in pairs.enumerated() {
        guard let a = left[pair.first], let b = right[pair.second] else { continue }
        products[place].values.withUnsafeMutableBufferPointer { out in
          guard let out = out.baseAddress else { return }
          DoublePanels.multiply(
            a, b, steps: steps, into: out, adding: true, isSymmetric: pair.first == pair.second, threads: threads)
        }
      }
    }
    for (place, pair) in pairs.enumerated() where pair.first == pair.second { products[place].mirror() }
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

extension StreamMoments {
  /// The moments of x, several streams side by side in this order, and y.
  /// - Precondition: the products of all pairs of them are kept.
  package func paired(_ x: [Int], with y: Int) -> PairedMoments {
    var joined = StreamMoments(
      widths: [x.reduce(0) { $0 + widths[$1] }, widths[y]], pairs: PairedMoments.pairs)
    joined.count = count
    joined.sums = [x.flatMap { sums[$0] }, sums[y]]
    let starts = x.indices.map { place in x[..<place].reduce(0) { $0 + widths[$1] } }
    for (row, start) in zip(x, starts) {
      for (column, other) in zip(x, starts) { joined.products[0].set(product(row, column), row: start, column: other) }
      joined.products[1].set(product(row, y), row: start, column: 0)
    }
    joined.products[2] = product(y, y)
    return PairedMoments(joined)
  }
}

extension DoubleMatrix {
  /// Writes a block at a place.
  fileprivate mutating func set(_ block: DoubleMatrix, row: Int, column: Int) {
    for line in 0..<block.rows {
      let (from, to) = (line * block.columns, (row + line) * columns + column)
      values.replaceSubrange(to..<to + block.columns, with: block.values[from..<from + block.columns])
    }
  }
}
