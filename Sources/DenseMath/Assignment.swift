/// The assignment of rows to columns with the highest total: each row and column in at most one pair, and as many pairs
/// as the smaller of the two counts.
///
/// Kuhn's Hungarian method (Naval Research Logistics 2, 1955) by shortest augmenting paths (Jonker and Volgenant,
/// Computing 38, 1987): O(r² c) for r the fewer and c the more. Of assignments with the same total, always the same one.
public struct Assignment: Equatable, Sendable {
  /// A row and the column it is paired with.
  public struct Pair: Hashable, Sendable {
    /// From 0.
    public let row: Int
    /// From 0.
    public let column: Int

    /// A pair.
    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// By row.
  public let pairs: [Pair]
  /// The sum of the pairs' scores.
  public let total: Double

  /// - Parameter scores: [rows, columns]
  /// - Throws: `LinearAlgebraError.notFinite`.
  public init(maximizing scores: DoubleMatrix) throws {
    guard scores.values.allSatisfy(\.isFinite) else { throw LinearAlgebraError.notFinite }
    // Finite costs always have an assignment.
    self = Self.best(of: scores, without: nil) ?? Assignment(pairs: [], total: 0)
  }

  private init(pairs: [Pair], total: Double) {
    self.pairs = pairs
    self.total = total
  }

  /// The best assignment that differs from this one; nil if there is none. It lacks at least one pair of this one, so
  /// it is the best of those without one of the pairs.
  /// - Parameter scores: those this assignment is the best of.
  public func secondBest(of scores: DoubleMatrix) -> Assignment? {
    pairs.compactMap { Self.best(of: scores, without: $0) }.max { $0.total < $1.total }
  }

  private static func best(of scores: DoubleMatrix, without excluded: Pair?) -> Assignment? {
    let isTall = scores.rows > scores.columns
    var costs = isTall ? scores.transposed : scores
    for index in costs.values.indices { costs.values[index].negate() }
    if let excluded {
      costs[isTall ? excluded.column : excluded.row, isTall ? excluded.row : excluded.column] = .infinity
    }
    guard let columns = shortestPaths(costs) else { return nil }
    let pairs = columns.enumerated().map { isTall ? Pair(row: $1, column: $0) : Pair(row: $0, column: $1) }
      .sorted { $0.row < $1.row }
    return Assignment(pairs: pairs, total: pairs.reduce(0) { $0 + scores[$1.row, $1.column] })
  }

  /// The column of each row in the cheapest assignment of all rows; nil if each has infinite cost.
  ///
  /// Rows enter one at a time, each along the shortest path to a free column; the potentials keep every reduced cost,
  /// cost - rowPotential - columnPotential, at least 0.
  private static func shortestPaths(_ costs: DoubleMatrix) -> [Int]? {
    let (rows, columns) = (costs.rows, costs.columns)
    var rowPotential = [Double](repeating: 0, count: rows)
    var columnPotential = [Double](repeating: 0, count: columns)
    var rowOf = [Int](repeating: -1, count: columns)
    var distance = [Double](repeating: 0, count: columns)
    var previous = [Int](repeating: -1, count: columns)
    var isDone = [Bool](repeating: false, count: columns)
    for start in 0..<rows {
      for column in 0..<columns {
        distance[column] = .infinity
        previous[column] = -1
        isDone[column] = false
      }
      // The last column of the tree so far; -1 is the position of the new row.
      var (last, row, length) = (-1, start, 0.0)
      var tree: [(row: Int, column: Int, length: Double)] = []
      while true {
        var (nearest, least) = (-1, Double.infinity)
        let (base, potential) = (row * columns, rowPotential[row])
        for column in 0..<columns where !isDone[column] {
          let reduced = length + costs.values[base + column] - potential - columnPotential[column]
          if reduced < distance[column] {
            distance[column] = reduced
            previous[column] = last
          }
          if distance[column] < least { (least, nearest) = (distance[column], column) }
        }
        guard nearest >= 0 else { return nil }
        tree.append((row, nearest, least))
        length = least
        isDone[nearest] = true
        last = nearest
        guard rowOf[nearest] >= 0 else { break }
        row = rowOf[nearest]
      }
      // Rows and columns on the path become cheaper by their distance from its end.
      var reached = 0.0
      for step in tree {
        rowPotential[step.row] += length - reached
        columnPotential[step.column] -= length - step.length
        reached = step.length
      }
      while last >= 0 {
        let before = previous[last]
        rowOf[last] = before >= 0 ? rowOf[before] : start
        last = before
      }
    }
    var result = [Int](repeating: -1, count: rows)
    for (column, row) in rowOf.enumerated() where row >= 0 { result[row] = column }
    return result
  }
}
