import DenseMath
import Interpretability
import TestSupport
import Testing

@Suite struct TokenSetsTests {
  /// Six tokens in two dimensions, with scores by inspection.
  private static let wE = Tensor(shape: [6, 2], [3, 0, 2, 0, 1, 0, 0, 3, 0, 2, -4, 0])

  private func sets(_ vectors: [Float], k: Int, magnitudes: Bool = false) throws -> TokenSets {
    try TokenSets(
      of: Tensor(shape: [vectors.count / 2, 2], vectors), by: Self.wE, k: k, magnitudes: magnitudes,
      threads: Threads(2))
  }

  @Test func holdsTheHighestScores() throws {
    let sets = try sets([1, 0, 0, 1, -1, 0], k: 2)
    #expect(sets.count == 3 && sets.k == 2)
    // Scores 3 2 1 0 0 -4; 0 0 0 3 2 0; -3 -2 -1 0 0 4, where the lower id has second place.
    #expect([0, 1, 2].map { Array(sets[$0]) } == [[0, 1], [3, 4], [3, 5]])
    #expect(try Array(self.sets([1, 0], k: 2, magnitudes: true)[0]) == [0, 5])
    #expect(try Array(self.sets([1, 0], k: 6)[0]) == [0, 1, 2, 3, 4, 5])
  }

  @Test func keepsToTheTokensThatTakePart() throws {
    let vector = Tensor(shape: [1, 2], [1, 0])  // scores 3 2 1 0 0 -4
    func ids(_ k: Int, magnitudes: Bool = false) throws -> [Int32] {
      Array(
        try TokenSets(
          of: vector, by: Self.wE, k: k, magnitudes: magnitudes, among: [1, 2, 4, 5], threads: Threads(1))[0])
    }
    #expect(try ids(1) == [1] && ids(3) == [1, 2, 4] && ids(2, magnitudes: true) == [1, 5])
    #expect(throws: InterpretabilityError.setTooLarge(5, vocabulary: 4)) { try ids(5) }
  }

  @Test func comparesByHand() throws {
    let left = try sets([1, 0, 1, 1], k: 3)  // {0 1 2}; scores 3 2 1 3 2 -4: {0 1 3}
    let right = try sets([1, 0, 0, 1], k: 3)  // {0 1 2}; {0 3 4}
    #expect(left.similarity(0, to: right, 0) == 1)
    #expect(left.similarity(1, to: right, 0) == 2.0 / 4)
    #expect(left.similarity(0, to: right, 1) == 1.0 / 5)
    #expect(left.shared(1, with: right, 1) == [0, 3])
    #expect(left.recall(1, in: right, [0]) == 2.0 / 3)
    #expect(left.recall(1, in: right, [0, 1]) == 1)
    #expect(left.recall(1, in: right, []) == 0)
  }

  /// A vector with a NaN has no highest tokens, and shares none with another such.
  @Test func sharesNothingWithoutNumbers() throws {
    let broken = try sets([.nan, 1, 1, .nan], k: 3)
    #expect(broken.similarity(0, to: broken, 1) == 0 && broken.shared(0, with: broken, 1).isEmpty)
    #expect(broken.recall(0, in: broken, [0, 1]) == 0)
  }

  /// Against all pairs of sets of 2 of 4, half of which share one item and one sixth both.
  @Test func knowsChance() {
    // E|a ∩ b| = 4/4 = 1, so 1 / (4 - 1).
    #expect(TokenSets.chance(k: 2, vocabulary: 4) == 1.0 / 3)
    #expect(TokenSets.chance(k: 7, vocabulary: 7) == 1)
  }

  /// Blocks of 128 rows, and every count of threads.
  @Test func doesNotDependOnBlocksOrThreads() throws {
    var numbers = SeededNumbers(seed: 4)
    let wE = Tensor(shape: [300, 9], numbers.normal(count: 2700))
    let vectors = Tensor(shape: [131, 9], numbers.normal(count: 131 * 9))
    let all = try TokenSets(of: vectors, by: wE, k: 17, threads: Threads(3))
    for row in [0, 127, 128, 130] {
      let scores = (0..<300).map { id in
        (0..<9).reduce(0.0) { $0 + Double(wE[id * 9 + $1]) * Double(vectors[row * 9 + $1]) }
      }
      let best = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(17).sorted()
      #expect(all[row].map(Int.init) == best)
      let alone = try TokenSets(of: vectors[rows: row..<row + 1], by: wE, k: 17, threads: Threads(1))
      #expect(Array(alone[0]) == Array(all[row]))
    }
  }

  @Test(arguments: [0, 7]) func refusesWhatIsNotThere(_ k: Int) {
    #expect(throws: InterpretabilityError.setTooLarge(k, vocabulary: 6)) { try sets([1, 0], k: k) }
  }
}
