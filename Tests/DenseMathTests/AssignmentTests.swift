import DenseMath
import TestSupport
import Testing

@Suite struct AssignmentTests {
  /// The totals of all assignments, the highest first.
  private func allTotals(_ scores: DoubleMatrix) -> [Double] {
    let count = min(scores.rows, scores.columns)
    var totals: [Double] = []
    func extend(_ row: Int, _ used: Set<Int>, _ total: Double) {
      guard row < scores.rows else {
        if used.count == count { totals.append(total) }
        return
      }
      for column in 0..<scores.columns where !used.contains(column) {
        extend(row + 1, used.union([column]), total + scores[row, column])
      }
      if scores.rows > scores.columns { extend(row + 1, used, total) }
    }
    extend(0, [], 0)
    return totals.sorted(by: >)
  }

  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> DoubleMatrix {
    var generator = SplitMix64(seed: seed)
    return DoubleMatrix(
      rows: rows, columns: columns, values: (0..<rows * columns).map { _ in generator.normal() })
  }

  /// Compared with all assignments, tall, wide and square.
  @Test(arguments: 1...6, 1...6) func theHighestTotalOfAll(rows: Int, columns: Int) throws {
    for seed in 0..<8 {
      let scores = random(rows, columns, seed: UInt64(100 * rows + 10 * columns + seed))
      let totals = allTotals(scores)
      let assignment = try Assignment(maximizing: scores)
      #expect(assignment.pairs.count == min(rows, columns))
      #expect(Set(assignment.pairs.map(\.row)).count == assignment.pairs.count)
      #expect(Set(assignment.pairs.map(\.column)).count == assignment.pairs.count)
      #expect(assignment.pairs.map(\.row) == assignment.pairs.map(\.row).sorted())
      #expect(abs(assignment.total - totals[0]) < 1e-12)
      let second = assignment.secondBest(of: scores)
      #expect((second == nil) == (totals.count < 2))
      if let second { #expect(abs(second.total - totals[1]) < 1e-12 && second != assignment) }
    }
  }

  @Test func aTieLeavesNoMargin() throws {
    let scores = DoubleMatrix(rows: 3, columns: 3, values: [Double](repeating: 0.5, count: 9))
    let assignment = try Assignment(maximizing: scores)
    #expect(assignment.total == 1.5)
    #expect(assignment.secondBest(of: scores)?.total == 1.5)
    #expect(try Assignment(maximizing: scores) == assignment)
  }

  /// A hidden permutation of hundreds of rows is recovered.
  @Test func findsAPermutation() throws {
    var generator = SplitMix64(seed: 5)
    let order = generator.permutation(of: 300)
    var scores = random(300, 300, seed: 6)
    for row in 0..<300 { scores[row, order[row]] += 12 }
    #expect(try Assignment(maximizing: scores).pairs.map(\.column) == order)
  }

  @Test func refusesWhatIsNotFinite() {
    for value in [Double.nan, .infinity] {
      #expect(throws: LinearAlgebraError.notFinite) {
        try Assignment(maximizing: DoubleMatrix(rows: 1, columns: 2, values: [value, 1]))
      }
    }
  }

  @Test func nothingIsAssignedToNothing() throws {
    let assignment = try Assignment(maximizing: DoubleMatrix(rows: 0, columns: 3))
    #expect(assignment.pairs.isEmpty && assignment.total == 0)
    #expect(assignment.secondBest(of: DoubleMatrix(rows: 0, columns: 3)) == nil)
  }
}
