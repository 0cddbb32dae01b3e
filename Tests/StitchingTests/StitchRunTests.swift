import DenseMath
import Evaluation
import Files
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// A whole experiment in the process: maps, records, shards and their merge.
@Suite struct StitchRunTests {
  private let folder: TemporaryFolder
  private let a: TokenizedModel
  private let b: TokenizedModel
  private let reviews: Dataset
  private let unlabelled: Dataset

  init() throws {
    folder = try TemporaryFolder()
    a = try TokenizedModel(Model(directory: Places.model("imdb-gpt2-wide")))
    b = try TokenizedModel(Model(directory: Places.model("imdb-gpt2-narrow-sentiment")))
    let all = try Dataset.read(Places.reviews)
    reviews = try all.subset(limit: 8, seed: 1)
    unlabelled = try all.subset(limit: 6, seed: 2)
  }

  private func grid(_ maps: [String] = ["pinv", "affine", "random"], seams: [String] = ["plain"]) throws -> StitchGrid {
    StitchGrid(
      pairs: [
        .init(
          group: 0, pretrained: 0, finetuned: 1, kept: [1, 2], transplanted: [1],
          recipes: try maps.map { try MapRecipe($0) })
      ], seams: seams, draws: 2)
  }

  private func run(
    _ grid: StitchGrid, unlabelled: Dataset?, shard: StitchGrid.Shard = .whole,
    reader: @escaping StitchPair.Reader = { _, _, _ in }
  ) throws -> StitchRun {
    let pair = try StitchPair(a, b, allowsPartialVocabulary: false, cleaning: .br, maxLength: 24)
    return try StitchRun(
      grid, pairs: [pair], unlabelled: unlabelled.map { .texts($0) }, seed: 4, shard: shard,
      workspace: Workspace(threads: Threads(2)),
      reader: reader)
  }

  private func records(_ run: StitchRun) throws -> [StitchRecord] {
    try run.read(reviews)
    return try run.units.flatMap { try run.records(of: $0) }
  }

  private func json(_ facts: [StitchPoint: MapFacts]) throws -> [StitchPoint: JSON] {
    try facts.mapValues { try JSON(encoding: $0) }
  }

  /// Two shards have every record and every property of the whole, bit for bit; a point is repeated by itself.
  @Test func shardsAreTheWhole() throws {
    let grid = try grid()
    var read: [String] = []
    let whole = try run(grid, unlabelled: unlabelled) { texts, dataset, maxLength in
      read.append("\(dataset.name) \(texts.reviews.count) \(maxLength)")
    }
    let all = try records(whole)
    #expect(read == ["test.jsonl 8 24", "test.jsonl 8 24", "test.jsonl 6 24"])
    let facts = try whole.facts()
    #expect(Set(facts.keys) == Set(grid.points) && facts.count == 2 * (1 + 1 + 2))
    #expect(facts.values.allSatisfy { $0.similarity != nil && $0.condition > 1 })
    var (parts, merged) = ([StitchRecord](), [StitchPoint: MapFacts]())
    for index in 1...2 {
      let part = try run(grid, unlabelled: unlabelled, shard: .init(index: index, count: 2))
      parts += try records(part)
      merged.merge(try part.facts()) { first, _ in first }
    }
    func lines(_ records: [StitchRecord]) throws -> [JSON] {
      try StitchRecord.sorted(records, seams: grid.seams).map { try JSON(encoding: $0) }
    }
    #expect(try lines(parts) == lines(all) && json(merged) == json(facts))
    let point = grid.points[5]
    #expect(try lines(whole.records(of: point)) == lines(all.filter { $0.point == point }))
    #expect(try whole.records(of: StitchPoint(seam: "plain", cut: point.cut, map: "identity")).isEmpty)
    // A map that does not depend on the cut is computed once; its condition is one number.
    let conditions = grid.points.filter { $0.map == "pinv" }.compactMap { facts[$0]?.condition }
    #expect(conditions.count == 2 && conditions[0] == conditions[1])
  }

  /// What is written is read again, from the folders of all parts.
  @Test func shardsArePutTogether() throws {
    let (grid, whole) = (try grid(["pinv", "transpose"]), try run(grid(["pinv", "transpose"]), unlabelled: nil))
    let all = try records(whole)
    func write(_ name: String, shard: JSON, of experiment: Int = 1, _ records: [StitchRecord], finished: Bool = true)
      throws
    {
      let stamp: JSON = ["command": "experiment-stitch", "seed": .integer(experiment), "shard": shard]
      try folder.write(stamp.serialized(), to: name + "/run.json")
      try folder.write(
        records.map { try JSON(encoding: $0).serialized() + "\n" }.joined(), to: name + "/predictions.jsonl")
      let results = StitchResults(records, grid: grid)
      guard finished else { return }
      try folder.write(
        JSON(encoding: results.members(facts: whole.facts())).serialized(), to: name + "/results.json")
    }
    try write("one", shard: [1, 2], all.filter { $0.point.cut.kept == 1 })
    try write("two", shard: [2, 2], all.filter { $0.point.cut.kept != 1 })
    let merged = try StitchShards([folder.path("two"), folder.path("one")])
    #expect(merged.stamp == ["command": "experiment-stitch", "seed": 1, "shard": .null])
    let stitched = merged.records.filter { $0.point.map != StitchPoint.ownState }
    #expect(stitched.count == grid.points.count * reviews.reviews.count && merged.records.count == all.count)
    #expect(try json(merged.facts) == json(whole.facts()))

    try write("foreign", shard: [2, 2], of: 2, [])
    try write("third", shard: [3, 3], [])
    try write("whole", shard: .null, [])
    try write("unfinished", shard: [2, 2], [], finished: false)
    for (parts, reason) in [
      ([], "expected the folder of a part"), (["one"], "part 2 of 2 is missing"),
      (["one", "one"], "are both part 1 of 2"),
      (["one", "foreign"], "is of another experiment than"), (["one", "third"], "is one of 3 parts"),
      (["whole"], "is a whole run already"), (["one", "unfinished"], "unfinished is not finished"),
    ] {
      do {
        _ = try StitchShards(parts.map { folder.path($0) })
        Issue.record("\(parts) were put together")
      } catch let error as StitchingError {
        #expect("\(error)".contains(reason), "\(error)")
      }
    }
  }

  @Test func aGridThatDoesNotFitIsRefusedAtOnce() throws {
    #expect(throws: StitchingError.needsTexts(map: "pinv+norm")) {
      try run(grid(["pinv", "pinv+norm"]), unlabelled: nil)
    }
    #expect(throws: StitchingError.notWithPositions(map: "auto")) {
      try run(grid(["auto"], seams: ["plain", "add-positions"]), unlabelled: unlabelled)
    }
    let single = try run(grid(["affine"]), unlabelled: unlabelled.subset(limit: 1, seed: 1))
    #expect(throws: StitchingError.tooFewTexts(dataset: "test.jsonl")) { try single.maps(of: single.jobs[0]) }
    let bert = try TokenizedModel(Model(directory: Places.model("imdb-bert-2")))
    #expect(
      throws: StitchingError.differentArchitectures(
        pretrained: ModelFamily.bert.traits, finetuned: ModelFamily.gpt2.traits)
    ) {
      try StitchPair(bert, b, allowsPartialVocabulary: true)
    }
  }

  /// With what `auto` chose at each cut.
  @Test func factsAreReadAsTheyAreWritten() throws {
    let run = try run(grid(["auto"]), unlabelled: unlabelled)
    _ = try records(run)
    for (point, facts) in try run.facts() {
      #expect(facts.chosen.map { MapRecipe.candidates.contains($0) } == true, "\(point)")
    }
    let results = try StitchResults(records(run), grid: run.grid)
    try folder.write(JSON(encoding: results.members(facts: run.facts())).serialized(), to: "run/results.json")
    #expect(try json(MapFacts.read(run: folder.path("run"))) == json(run.facts()))
  }
}
