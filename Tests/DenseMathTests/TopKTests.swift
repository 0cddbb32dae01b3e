import DenseMath
import TestSupport
import Testing

@Suite struct TopKTests {
  /// Few distinct scores, so that ties are everywhere, and some that cannot be ranked.
  static func scores(_ count: Int, seed: UInt64) -> [Float] {
    var numbers = SeededNumbers(seed: seed)
    let rare: [Float] = [.nan, .infinity, -.infinity, -0.0, 0]
    return (0..<count).map { index in index % 17 == 3 ? rare[index % 5] : Float(Int(numbers.uniform(-9, 9))) }
  }

  /// The definition: a stable sort by score of everything that is a number.
  static func expected(_ scores: [Float], k: Int) -> [ScoredID] {
    let all = scores.enumerated().filter { !$0.element.isNaN }.map { ScoredID(score: $0.element, id: $0.offset) }
    return Array(all.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(max(0, k)))
  }

  @Test(arguments: Rows.sets, [-1, 0, 1, 2, 7, 50, 1000, 5000])
  func keepsTheHighestAndTheLowerIdOfTies(set: InstructionSet, k: Int) throws {
    try set.run {
      for count in [0, 1, 5, 49, 50, 51, 997, 3000] {
        let scores = Self.scores(count, seed: UInt64(count))
        var top = TopK(k)
        top.offer(scores, count: count, firstID: 0)
        #expect(top.sorted() == Self.expected(scores, k: k))
      }
    }
  }

  @Test(arguments: [1, 7, 50])
  func doesNotDependOnTheOrderOrTheCutting(k: Int) {
    let scores = Self.scores(2000, seed: 5)
    let expected = Self.expected(scores, k: k)
    for block in [1, 3, 64, 777] {
      var backwards = TopK(k)
      var halves = [TopK(k), TopK(k)]
      for (turn, start) in stride(from: 0, to: scores.count, by: block).reversed().enumerated() {
        let part = Array(scores[start..<min(scores.count, start + block)])
        backwards.offer(part, count: part.count, firstID: start)
        halves[turn % 2].offer(part, count: part.count, firstID: start)
      }
      #expect(backwards.sorted() == expected)
      halves[0].merge(halves[1])
      #expect(halves[0].sorted() == expected)
    }
    var single = TopK(k)
    var generator = SplitMix64(seed: 9)
    for id in generator.permutation(of: scores.count) { single.offer(scores[id], id: id) }
    #expect(single.sorted() == expected)
  }

  @Test func theThresholdIsTheLowestKeptOnceFull() {
    var top = TopK(2)
    #expect(top.threshold == -.infinity)
    top.offer(3, id: 0)
    #expect(top.threshold == -.infinity)
    top.offer(1, id: 1)
    #expect(top.threshold == 1)
    top.offer(2, id: 2)
    #expect(top.threshold == 2)
    #expect(TopK(0).threshold == .infinity)
  }
}
