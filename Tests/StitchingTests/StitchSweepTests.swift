import Checkpoints
import DenseMath
import Evaluation
import Files
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// The sweep against single stitched models, and the operations at the cut against their definition.
@Suite struct StitchSweepTests {
  private struct Pair {
    let a: Model
    let b: Model
    let maps: StitchingMaps
    let reviews: [EncodedReview]

    init(_ a: String, _ b: String, count: Int = 6) throws {
      self.a = try Model(directory: Places.model(a))
      self.b = try Model(directory: Places.model(b))
      maps = try StitchingMaps(self.a, self.b, allowsPartialVocabulary: false, seed: 5, threads: Threads(2))
      let dataset = try Dataset.read(Places.reviews).subset(limit: count, seed: 3)
      reviews = try EncodedReviews(
        dataset, tokenizer: Tokenizer.load(directory: self.a.tokenizerDirectory, modelType: self.a.modelType),
        cleaning: .br, maxLength: 48, threads: Threads(2)
      ).reviews
    }

    var batch: PackedBatch { get throws { try PackedBatch(reviews.map(\.ids)) } }
  }

  static let bert = ("imdb-bert-2", "imdb-bert-1-sentiment")
  static let gpt2 = ("imdb-gpt2-wide", "imdb-gpt2-narrow-sentiment")

  /// Each point is the stitched model of that cut, bit for bit on the same batch.
  @Test(arguments: [(bert, false), (gpt2, false), (gpt2, true)])
  func everyPointIsItsStitchedModel(_ names: (String, String), _ published: Bool) throws {
    let pair = try Pair(names.0, names.1)
    let options: StitchedModel.Options = published ? .asPublished : .plain
    let maps = [try pair.maps.map(.pinv), try pair.maps.map(.shuffled, draw: 1)]
    let sweep = try StitchSweep(
      pretrained: pair.a, finetuned: pair.b, kept: [3, 0, 3], transplanted: [2, 1], maps: maps, options: options)
    #expect(sweep.kept == [0, 3] && sweep.transplanted == [1, 2])
    let workspace = Workspace(threads: Threads(2))
    let results = try sweep.records(readByA: pair.reviews, readByB: pair.reviews, workspace: workspace)
    #expect(sweep.points.count == 2 * 2 * 2 + 4 + 3)
    #expect(results.map(\.point) == sweep.points.flatMap { Array(repeating: $0, count: pair.reviews.count) })
    for point in sweep.points {
      #expect(point.pair == 0 && point.seam == (published ? "as-published" : "plain"))
      let logits = results.filter { $0.point == point }.map(\.prediction.logits)
      guard let map = maps.first(where: { $0.recipe.name == point.map && $0.draw == point.draw }) else {
        #expect(point.map == StitchPoint.ownState && point.draw == 0)
        continue
      }
      let model = try StitchedModel(
        pretrained: pair.a, kept: point.cut.kept, map: map, finetuned: pair.b,
        transplanted: point.cut.transplanted, options: options)
      #expect(try model.classify(pair.batch, workspace: workspace) == logits, "\(point)")
    }
  }

  /// The first state of B is (ln_f(h_n) S) + B's position embeddings, computed here in Double.
  @Test func asPublishedIsNormThenMapThenPositions() throws {
    let pair = try Pair(Self.gpt2.0, Self.gpt2.1)
    let (map, batch, workspace) = (try pair.maps.map(.pinv), try pair.batch, Workspace(threads: Threads(2)))
    let stitched = try StitchedModel(
      pretrained: pair.a, kept: 4, map: map, finetuned: pair.b, transplanted: 2, options: .asPublished)

    var h = try pair.a.embed(batch, workspace: workspace)
    try pair.a.advance(&h, through: 0..<4, batch, workspace: workspace)
    let (fileA, fileB) = (try Self.weights(Self.gpt2.0), try Self.weights(Self.gpt2.1))
    let (gain, shift) = (try Self.values("ln_f.weight", fileA), try Self.values("ln_f.bias", fileA))
    let positions = try Self.values("wpe.weight", fileB)
    let (states, d, width) = (h.values.map(Double.init), h.width, pair.b.dimensions.hidden)
    var entering: [Float] = []
    for sequence in batch.sequences {
      for (position, token) in sequence.enumerated() {
        let row = states[token * d..<(token + 1) * d]
        let mean = row.reduce(0, +) / Double(d)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(d)
        let normal = row.enumerated().map { gain[$0] * ($1 - mean) / (variance + 1e-5).squareRoot() + shift[$0] }
        for column in 0..<width {
          let mapped = (0..<d).reduce(0) { $0 + normal[$1] * map.matrix[$1, column] }
          entering.append(Float(mapped + positions[position * width + column]))
        }
      }
    }
    var state = HiddenState(copying: entering, tokens: batch.tokens, width: width)
    try pair.b.advance(&state, through: 2..<4, batch, workspace: workspace)
    let expected = try pair.b.requireClassifier().apply(state, batch, workspace: workspace).flatMap {
      $0.map(Double.init)
    }
    let actual = try stitched.classify(batch, workspace: workspace).flatMap { $0 }
    // Largest measured error: see docs/numerics.md.
    expectCloseToLargest(actual, expected, fraction: 2e-5, "logits")
    let plain = try StitchedModel(pretrained: pair.a, kept: 4, map: map, finetuned: pair.b, transplanted: 2)
    #expect(try plain.classify(batch, workspace: workspace).flatMap { $0 } != actual)
  }

  private static func weights(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(Places.model(name) + "/model.safetensors")
  }

  /// A tensor under its bare name or with GPT-2's prefix.
  private static func values(_ name: String, _ file: SafetensorsFile) throws -> [Double] {
    try file.doubles(file.entry(named: name) == nil ? "transformer." + name : name).values
  }

  @Test func wrongNumbersOfBlocksAndArchitecturesAreRefused() throws {
    let pair = try Pair(Self.bert.0, Self.bert.1, count: 2)
    let map = try pair.maps.map(.pinv)
    func sweep(_ kept: [Int], _ transplanted: [Int], _ options: StitchedModel.Options = .plain) throws {
      _ = try StitchSweep(
        pretrained: pair.a, finetuned: pair.b, kept: kept, transplanted: transplanted, maps: [map], options: options)
    }
    #expect(throws: StitchingError.blocksOutOfRange(.kept, found: 5, allowed: 0...4)) {
      try sweep([0, 5], [1])
    }
    #expect(throws: StitchingError.blocksOutOfRange(.kept, found: -1, allowed: 0...4)) {
      try sweep([-1], [1])
    }
    #expect(throws: StitchingError.blocksOutOfRange(.transplanted, found: 7, allowed: 0...4)) {
      try sweep([0], [7])
    }
    #expect(throws: StitchingError.noFinalNorm(modelType: "bert")) { try sweep([0], [1], .asPublished) }
    let gpt2 = try Model(directory: Places.model(Self.gpt2.1))
    #expect(
      throws: StitchingError.differentArchitectures(
        pretrained: ModelFamily.bert.traits, finetuned: ModelFamily.gpt2.traits)
    ) {
      try StitchingMaps(pair.a, gpt2, allowsPartialVocabulary: true, seed: 1, threads: Threads(1))
    }
  }
}

/// Counting, from hand-written records.
@Suite struct StitchResultsTests {
  private static func record(_ id: String, label: Int, predicted: Int, _ point: StitchPoint, truncated: Bool = false)
    -> StitchRecord
  {
    StitchRecord(
      point: point,
      prediction: Prediction(
        id: id, label: label, logits: predicted == 1 ? [0, 1] : [1, 0], tokens: 3, truncated: truncated))
  }

  @Test func countsByPointAndKeepsItsOrder() throws {
    let points = [
      StitchPoint(seam: "plain", cut: StitchCut(kept: 2, transplanted: 1), map: "pinv", draw: 0),
      StitchPoint(seam: "plain", cut: StitchCut(kept: 0, transplanted: 1), map: "random", draw: 1),
      StitchPoint(seam: "plain", cut: StitchCut(kept: 0, transplanted: 1), map: "random", draw: 0),
      StitchPoint(seam: "plain", cut: StitchCut(kept: 0, transplanted: 1), map: "self", draw: 0),
      StitchPoint(seam: "plain", cut: StitchCut(kept: 3, transplanted: 1), map: "self", draw: 0),
    ]
    // Review 10 before review 9, as bytes are; three of four reviews are negative.
    let reviews = [("9", 0), ("10", 0), ("a", 0), ("b", 1)]
    let records = points.enumerated().flatMap { index, point in
      reviews.map { id, label in
        Self.record(id, label: label, predicted: index == 4 ? label : index % 2, point, truncated: id == "a")
      }
    }
    let grid = StitchGrid(
      pairs: [
        .init(group: 0, pretrained: 0, finetuned: 1, kept: [0, 2], transplanted: [1], recipes: [.pinv, .random])
      ], seams: ["plain"], draws: 2)
    let results = StitchResults(records, grid: grid)
    #expect(results.points.map(\.point) == [points[2], points[1], points[0]])
    #expect(results.points.map(\.correct) == [3, 1, 3])
    #expect(results.points.map(\.accuracy) == [0.75, 0.25, 0.75])
    #expect(results.own.map(\.point) == [points[3], points[4]])
    #expect(results.finetuned(0)?.point == points[4] && results.finetuned(0)?.accuracy == 1)
    #expect(results.chance(0) == 0.75)
    let members = try JSON(encoding: results.membersInPair(facts: [:]))
    #expect(members["n"] == 4 && members["truncated"] == 1 && members["baselines"]?["chance"] == 0.75)
    #expect(results.points[0].interval == .wilson(successes: 3, of: 4))
    let sorted = StitchRecord.sorted(records.reversed(), seams: grid.seams)
    #expect(sorted.map(\.prediction.id) == ["10", "9", "a", "b"].flatMap { Array(repeating: $0, count: 5) })
    #expect(sorted.prefix(5).map(\.point) == [points[2], points[1], points[3], points[0], points[4]])
    // Both forms of a line are read as they are written.
    for record in records {
      let whole = try StitchRecord(JSONNode(JSON(encoding: record), path: "x"))
      let inPair = try StitchRecord(JSONNode(JSON(encoding: record.inPair), path: "x"), seam: "plain")
      #expect(whole.point == record.point && inPair.point == record.point)
      #expect(throws: FileError.self) { try StitchRecord(JSONNode(JSON(encoding: record.inPair), path: "x")) }
    }
    #expect(throws: EvaluationError.noPredictions) { try StitchResults([], grid: grid).membersInPair(facts: [:]) }
  }
}
