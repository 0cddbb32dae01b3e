/// An entry of a matrix and its position.
public struct ScoredPair: Equatable, Sendable {
  /// From 0.
  public let row: Int
  /// From 0.
  public let column: Int
  /// The entry.
  public let score: Double

  /// An entry at its position.
  public init(row: Int, column: Int, score: Double) {
    self.row = row
    self.column = column
    self.score = score
  }

  /// Whether this one ranks first: the higher score; for equal scores the lower row, then the lower column.
  public func ranksBefore(_ other: ScoredPair) -> Bool {
    score != other.score ? score > other.score : (row, column) < (other.row, other.column)
  }
}

/// The highest entries of left rightᵀ, a matrix far too large to compute, from its two factors.
///
/// Exact: entries are ranked by the inner products of the factors' rows in Double, summed in order, with ties to the
/// lower row, then the lower column. The result does not depend on blocks or threads.
public struct PairSearch: Sendable {
  /// Which entries are searched.
  public struct Selection: Sendable {
    /// Rows to search, ascending; nil for all.
    public var rows: [Int]?
    /// Columns to search, ascending; nil for all.
    public var columns: [Int]?
    /// A number for each row and for each column; pairs with equal numbers are left out. nil to keep all pairs.
    public var groups: [Int32]?

    /// All entries, unless excluded here.
    public init(rows: [Int]? = nil, columns: [Int]? = nil, groups: [Int32]? = nil) {
      self.rows = rows
      self.columns = columns
      self.groups = groups
    }
  }

  private let left: DoubleMatrix
  private let right: DoubleMatrix
  private let rows: [Int]
  private let columns: [Int]
  private let groups: [Int32]?

  /// - Parameters:
  ///   - left: [n, r]
  ///   - right: [m, r]
  package init(_ left: DoubleMatrix, _ right: DoubleMatrix, selecting selection: Selection = Selection()) {
    precondition(left.columns == right.columns, "factors of \(left.columns) and \(right.columns) columns")
    self.left = left
    self.right = right
    rows = selection.rows ?? Array(0..<left.rows)
    columns = selection.columns ?? Array(0..<right.rows)
    groups = selection.groups
  }

  /// The k highest entries, best first, or all if there are fewer.
  /// - Throws: `LinearAlgebraError`, `.notFinite` for a factor whose numbers, or their squares, are not finite.
  package func highest(_ k: Int, threads: Threads) throws -> [ScoredPair] { try search(k, sign: 1, threads: threads) }

  /// The k lowest entries, lowest first; ties to the lower row, then the lower column.
  /// - Throws: `LinearAlgebraError`, `.notFinite` for a factor whose numbers, or their squares, are not finite.
  package func lowest(_ k: Int, threads: Threads) throws -> [ScoredPair] { try search(k, sign: -1, threads: threads) }

  private func search(_ k: Int, sign: Double, threads: Threads) throws -> [ScoredPair] {
    guard k > 0, !rows.isEmpty, !columns.isEmpty else { return [] }
    let tiles = try PairTiles(left, rows, right, columns, sign: sign, threads: threads)
    let shared = SharedThreshold()
    var workers = [PairCandidates](repeating: PairCandidates(k), count: threads.count)
    workers.withUnsafeMutableBufferPointer { workers in
      // Each worker changes its own element only.
      nonisolated(unsafe) let workers = workers
      threads.run(tiles.tasks) { task, worker in
        tiles.search(task, threshold: { shared.value }) { row, column in
          guard groups.map({ $0[row] != $0[column] }) ?? true else { return }
          workers[worker].offer(ScoredPair(row: row, column: column, score: sign * score(row, column)))
          shared.raise(to: workers[worker].threshold)
        }
      }
    }
    var best = workers[0]
    for other in workers.dropFirst() { best.merge(other) }
    return best.sorted().map { ScoredPair(row: $0.row, column: $0.column, score: $0.score == 0 ? 0 : sign * $0.score) }
  }

  /// The inner product of two rows, summed in order.
  private func score(_ row: Int, _ column: Int) -> Double {
    let r = left.columns
    return left.values.withUnsafeBufferPointer { left in
      right.values.withUnsafeBufferPointer { right in
        var sum = 0.0
        for i in 0..<r { sum += left[row * r + i] * right[column * r + i] }
        return sum
      }
    }
  }
}
