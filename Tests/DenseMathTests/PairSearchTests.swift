import DenseMath
import TestSupport
import Testing

/// The k highest entries of left rightᵀ against all of them, computed in Double and sorted.
@Suite struct PairSearchTests {
  private static func factor(
    _ rows: Int, _ columns: Int, seed: UInt64, decay: Double = 1, offset: Double = 0
  ) -> DoubleMatrix {
    var numbers = SeededNumbers(seed: seed)
    var matrix = DoubleMatrix(rows: rows, columns: columns)
    for row in 0..<rows {
      var scale = 1.0
      for column in 0..<columns {
        matrix[row, column] = scale * (numbers.normal() + offset)
        scale *= decay
      }
    }
    return matrix
  }

  private static func all(
    _ left: DoubleMatrix, _ right: DoubleMatrix, _ selection: PairSearch.Selection = .init(), lowest: Bool = false
  ) -> [ScoredPair] {
    var pairs: [ScoredPair] = []
    for row in selection.rows ?? Array(0..<left.rows) {
      for column in selection.columns ?? Array(0..<right.rows)
      where selection.groups.map({ $0[row] != $0[column] }) ?? true {
        let score = (0..<left.columns).reduce(0.0) { $0 + left[row, $1] * right[column, $1] }
        pairs.append(ScoredPair(row: row, column: column, score: score))
      }
    }
    return pairs.sorted {
      $0.score != $1.score ? ($0.score > $1.score) != lowest : ($0.row, $0.column) < ($1.row, $1.column)
    }
  }

  /// Factors of every kind: square and not, narrow and wide, with norms and spectra that fall, with a common offset, of
  /// rank far below their width, huge, tiny, and zero.
  private static let factors: [(name: String, left: DoubleMatrix, right: DoubleMatrix)] = {
    let low = factor(150, 3, seed: 5) * factor(3, 20, seed: 6)
    return [
      ("plain", factor(200, 16, seed: 1), factor(200, 16, seed: 2)),
      ("oblong", factor(7, 5, seed: 3), factor(333, 5, seed: 4)),
      ("one number", factor(40, 1, seed: 12), factor(50, 1, seed: 13)),
      ("decaying", factor(170, 64, seed: 7, decay: 0.8), factor(190, 64, seed: 8, decay: 0.9)),
      ("offset", factor(160, 24, seed: 9, offset: 3), factor(160, 24, seed: 10, offset: -2)),
      ("low rank", low, factor(150, 20, seed: 11)),
      ("huge", 1e30 * factor(60, 8, seed: 14), 1e35 * factor(60, 8, seed: 15)),
      ("tiny", 1e-30 * factor(60, 8, seed: 16), 1e-20 * factor(60, 8, seed: 17)),
      ("zero", DoubleMatrix(rows: 30, columns: 4), factor(30, 4, seed: 18)),
      ("one row", factor(1, 6, seed: 19), factor(1, 6, seed: 20)),
    ]
  }()

  @Test(arguments: PairSearchTests.factors.indices) func equalsAllEntriesSorted(_ index: Int) throws {
    let (name, left, right) = Self.factors[index]
    let search = PairSearch(left, right)
    for lowest in [false, true] {
      let expected = Self.all(left, right, lowest: lowest)
      for k in [0, 1, 7, 50, left.rows, left.rows * right.rows, left.rows * right.rows + 1] {
        let found = try lowest ? search.lowest(k, threads: Threads(2)) : search.highest(k, threads: Threads(2))
        #expect(found == Array(expected.prefix(k)), "\(name), \(k) \(lowest ? "lowest" : "highest")")
      }
    }
  }

  /// Far more rows than a task and a group of panels hold, so that most of the product is never computed.
  @Test(arguments: [(1.0, 1.0), (0.85, 1.0), (0.97, 0.9)]) func equalsAllEntriesOfALargerProduct(
    _ decayLeft: Double, _ decayRight: Double
  ) throws {
    let left = Self.factor(3001, 24, seed: 21, decay: decayLeft)
    let right = Self.factor(2500, 24, seed: 22, decay: decayRight)
    let product = left * right.transposed
    let order = product.values.indices.sorted { (product.values[$1], $0) < (product.values[$0], $1) }.prefix(400)
    for threads in [1, 2, 3] {
      let found = try PairSearch(left, right).highest(400, threads: Threads(threads))
      #expect(found.map { $0.row * right.rows + $0.column } == Array(order))
    }
  }

  /// Equal rows give equal scores, and among these the lower row, then the lower column comes first.
  @Test func tiesFallToTheLowerIDs() throws {
    let base = Self.factor(40, 8, seed: 23)
    var left = DoubleMatrix(rows: 400, columns: 8)
    var right = left
    for row in 0..<400 {
      for column in 0..<8 {
        left[row, column] = base[row % 40, column]
        right[row, column] = base[(row * 7) % 40, column]
      }
    }
    for k in [1, 7, 50, 99, 100, 101, 1234] {
      #expect(try PairSearch(left, right).highest(k, threads: Threads(3)) == Array(Self.all(left, right).prefix(k)))
    }
  }

  /// Entries that differ in the ninth digit: sums in Float32 rank them at random, and none may be lost.
  @Test(arguments: [1.0, -1.0]) func ranksWhatFloat32CannotTellApart(_ sign: Double) throws {
    func factor(_ seed: UInt64, _ sign: Double) -> DoubleMatrix {
      var numbers = SeededNumbers(seed: seed)
      var matrix = DoubleMatrix(rows: 160, columns: 24)
      for row in 0..<160 {
        for column in 0..<24 { matrix[row, column] = sign * (Double(column % 5) + 0.3 + 1e-8 * numbers.normal()) }
      }
      return matrix
    }
    let (left, right) = (factor(31, sign), factor(32, 1))
    for k in [1, 20, 300] {
      let found = try PairSearch(left, right).highest(k, threads: Threads(2))
      #expect(found == Array(Self.all(left, right).prefix(k)), "k \(k)")
    }
  }

  @Test func looksOnlyAtWhatIsSelected() throws {
    let (left, right) = (Self.factor(300, 12, seed: 24), Self.factor(300, 12, seed: 25))
    let selection = PairSearch.Selection(
      rows: (0..<300).filter { $0 % 3 == 0 }, columns: (0..<300).filter { $0 % 5 != 1 },
      groups: (0..<300).map { Int32($0 % 4) })
    for k in [1, 60, 100_000] {
      #expect(
        try PairSearch(left, right, selecting: selection).highest(k, threads: Threads(2))
          == Array(Self.all(left, right, selection).prefix(k)))
    }
    #expect(try PairSearch(left, right, selecting: .init(rows: [])).highest(5, threads: Threads(2)).isEmpty)
  }

  /// The result does not depend on the processor's instructions: scores are sums in Double.
  @Test(arguments: InstructionSet.allCases.filter(\.isAvailable)) func isTheSameOnEveryProcessor(
    _ set: InstructionSet
  ) throws {
    let (left, right) = (Self.factor(700, 20, seed: 26, decay: 0.9), Self.factor(650, 20, seed: 27))
    let expected = try PairSearch(left, right).highest(300, threads: Threads(2))
    #expect(try set.run { try PairSearch(left, right).highest(300, threads: Threads(1)) } == expected)
  }

  @Test func refusesWhatIsNotFinite() throws {
    var left = Self.factor(5, 3, seed: 28)
    left[2, 1] = .nan
    for (left, right) in [(left, Self.factor(5, 3, seed: 29)), (Self.factor(5, 3, seed: 29), left)] {
      #expect(throws: LinearAlgebraError.notFinite) { try PairSearch(left, right).highest(1, threads: Threads(1)) }
    }
  }
}
