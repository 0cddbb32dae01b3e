import Files
import Stitching
import Testing

@Suite struct StitchGridTests {
  private let grid = StitchGrid(
    pairs: [
      .init(
        pretrained: 0, finetuned: 1, kept: [0, 1, 2], transplanted: [1, 2], recipes: [.pinv, .random, .transpose]),
      .init(pretrained: 2, finetuned: 1, kept: [4], transplanted: [1], recipes: [.pinv]),
    ], seams: ["plain", "as-published"], draws: 3)

  @Test func everyPointOnce() {
    #expect(grid.points.count == 2 * (3 * 2 * (1 + 3 + 1) + 1))
    #expect(Set(grid.points).count == grid.points.count)
    let places = grid.points.map { ($0.pair, grid.seams.firstIndex(of: $0.seam) ?? -1, $0.cell) }
    for (left, right) in zip(places, places.dropFirst()) { #expect(left < right) }
  }

  /// Every point and every own curve is in one part, and no part has many more than another.
  @Test(arguments: [1, 2, 5, 62, 100]) func shardsAreAPartition(count: Int) {
    let shards = (1...count).map { StitchGrid.Shard(index: $0, count: count) }
    let points = shards.map { grid.points(of: $0) }
    #expect(points.flatMap { $0 }.count == grid.points.count)
    #expect(Set(points.flatMap { $0 }) == Set(grid.points))
    #expect((points.map(\.count).max() ?? 0) - (points.map(\.count).min() ?? 0) <= 1)
    for pair in grid.pairs.indices { #expect(shards.count { grid.ownCurve(of: pair, in: $0) } == 1) }
  }

  @Test func aDefinitionIsReadAsItIsWritten() throws {
    let text = """
      {"schema": 1, "models": [{"pretrained": ["a"], "finetuned": ["b", "c"]}], "dataset": "d.jsonl", "keep": [0, 3],
       "maps": ["ridge:0.1+norm", "shuffled"], "seams": ["as-published"], "limit": 7, "split": "train", "text_cleaning": "br"}
      """
    let first = try StitchExperiment(JSONNode(try JSON.parse(text, path: "x"), path: "x"))
    #expect(first.keep == [0, 3] && first.transplant == nil && first.draws == 5 && first.seed == 42)
    #expect(first.seams == [.asPublished] && first.maps?.map(\.name) == ["ridge:0.1+norm", "shuffled"])
    #expect(try StitchExperiment(JSONNode(first.json, path: "x")) == first)
  }
}
