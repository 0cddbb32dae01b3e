import Evaluation
import Files
import Stitching
import Testing

@Suite struct StitchGridTests {
  private let grid = StitchGrid(
    pairs: [
      .init(
        group: 0, pretrained: 0, finetuned: 1, kept: [0, 1, 2], transplanted: [1, 2],
        recipes: [.pinv, .random, .transpose]),
      .init(group: 1, pretrained: 2, finetuned: 1, kept: [4], transplanted: [1], recipes: [.pinv]),
    ], seams: ["plain", "as-published"], draws: 3)

  @Test func everyPointOnce() {
    #expect(grid.points.count == 2 * (3 * 2 * (1 + 3 + 1) + 1))
    #expect(Set(grid.points).count == grid.points.count)
    for (left, right) in zip(grid.points, grid.points.dropFirst()) {
      let seams = [left, right].map { grid.seams.firstIndex(of: $0.seam) ?? -1 }
      #expect((left.pair, seams[0]) <= (right.pair, seams[1]))
      if left.pair == right.pair, seams[0] == seams[1] { #expect(StitchPoint.precedes(left, right)) }
    }
  }

  /// Every point, and B on its own states, is in one part, and no part has many more than another.
  @Test(arguments: [1, 2, 5, 62, 100]) func shardsAreAPartition(count: Int) {
    let shards = (1...count).map { StitchGrid.Shard(index: $0, count: count) }
    let points = shards.map { grid.points(of: $0) }
    #expect(points.flatMap { $0 }.count == grid.points.count)
    #expect(Set(points.flatMap { $0 }) == Set(grid.points))
    #expect((points.map(\.count).max() ?? 0) - (points.map(\.count).min() ?? 0) <= 1)
    for pair in grid.pairs.indices { #expect(shards.count { grid.ownCurve(of: pair, in: $0) } == 1) }
    for shard in shards {
      let jobs = grid.jobs(of: shard)
      #expect(
        Set(grid.points(of: shard).map { [String($0.pair), $0.seam] }).isSubset(
          of: jobs.map { [String($0.pair), $0.seam] }))
      #expect(Set(jobs).count == jobs.count)
    }
  }

  @Test func aDefinitionIsReadAsItIsWritten() throws {
    let text = """
      {"schema": 1, "models": [{"pretrained": ["a"], "finetuned": ["b", "c"]}], "dataset": "d.jsonl", "keep": [0, 3],
       "maps": ["ridge:0.1+norm", "shuffled"], "seams": ["as-published"], "limit": 7, "split": "train", "text_cleaning": "br"}
      """
    let first = try StitchExperiment(JSONNode(try JSON.parse(text, path: "x"), path: "x"))
    #expect(first.keep == [0, 3] && first.transplant == nil && first.draws == 5 && first.seed == 42)
    #expect(first.seams == [.asPublished] && first.maps?.map(\.name) == ["ridge:0.1+norm", "shuffled"])
    #expect(try StitchExperiment(JSONNode(JSON(encoding: first), path: "x")) == first)
  }

  /// Three seeds on one model, and a pair of another group, with the correct reviews of four fixed by hand.
  @Test func seedsAreTakenTogether() throws {
    func pair(_ group: Int, _ finetuned: Int) -> StitchGrid.Pair {
      .init(
        group: group, pretrained: 0, finetuned: finetuned, kept: [0, 1], transplanted: [1],
        recipes: [.random, .pinv, .transpose])
    }
    let grid = StitchGrid(pairs: [pair(0, 1), pair(0, 2), pair(1, 1), pair(0, 3)], seams: ["plain"], draws: 2)
    #expect(grid.seedSets == [[0, 1, 3]])
    // pinv is right at 2, 3 and 4 of the reviews by seed, at both cuts; transpose at one fewer at cut 1.
    func right(_ point: StitchPoint) -> Int {
      let own = [0: 2, 1: 3, 2: 0, 3: 4][point.pair] ?? 0
      switch point.map {
      case "pinv": return own
      case "transpose": return own - point.cut.kept
      default: return point.draw == 0 ? 4 : 0
      }
    }
    let records = grid.points.flatMap { point in
      (0..<4).map { review in
        let isRight = review < right(point)
        let prediction = Prediction(
          id: "r\(review)", label: review % 2, logits: (review % 2 == 0) == isRight ? [1, 0] : [0, 1], tokens: 3,
          truncated: false)
        return StitchRecord(point: point, prediction: prediction)
      }
    }
    let results = try StitchCurves(StitchResults(records, grid: grid), facts: [:], seed: 3)
    #expect(results.seeds.map(\.pairs) == [[0, 1, 3]])
    let curves = results.seeds[0].curves
    #expect(curves.map(\.map) == ["random", "pinv", "transpose"])
    let (random, pinv, transpose) = (curves[0], curves[1], curves[2])
    #expect(pinv.difference == nil)
    #expect(pinv.means == [0.5, 0.75, 1] && pinv.mean.value == 0.75 && pinv.best == [0.5, 0.75, 1])
    #expect(pinv.cuts.map(\.mean.value) == [0.75, 0.75])
    #expect(transpose.means == [0.375, 0.625, 0.875] && transpose.cuts.map(\.mean.value) == [0.75, 0.5])
    #expect(transpose.best == [0.5, 0.75, 1])
    let difference = try #require(transpose.difference)
    #expect(difference.value == -0.125 && difference.interval.low <= -0.125 && difference.interval.high <= 0)
    #expect(random.mean.value == 0.5 && random.mean.interval == Interval(low: 0.5, high: 0.5))
    // pinv's seeds differ as much as its reviews: its interval reaches as far as its lowest and highest seed nearly do.
    #expect(pinv.mean.interval.low < 0.5 && pinv.mean.interval.high == 1)
    // Records in which one seed lacks a point give no result over seeds.
    let part = records.filter { $0.point.pair != 1 || $0.point.cut.kept == 0 }
    #expect(try StitchCurves(StitchResults(part, grid: grid), facts: [:], seed: 3).seeds.isEmpty)
  }
}
