import DenseMath
import Evaluation
import Interpretability
import Stitching
import TestSupport
import Testing
import Transformer

/// Each level through the classifier.
@Suite struct ClassifierLensTests {
  private let ids: [[Int32]] = [[2, 9, 77, 1023, 3], [2, 14, 3]]

  @Test(arguments: ["trained/imdb-bert-1-sentiment", "trained/imdb-gpt2-narrow-sentiment"])
  func everyLevelIsTheClassifierOnThatState(_ name: String) throws {
    let model = try Golden.model(name)
    let lens = try ClassifierLens(model, threads: Threads(2))
    let batch = try PackedBatch(ids)
    let workspace = Workspace()
    let scores = try lens.read(batch)
    #expect(lens.levels.map(\.name) == ["embed", "L0", "L1", "L2", "L3"] && scores.count == 5)
    #expect(scores.last == (try model.classify(batch, workspace: workspace)))
    var h = try model.embed(batch, workspace: workspace)
    for level in scores.indices {
      #expect(scores[level] == (try model.requireClassifier().apply(h, batch, workspace: workspace)), "level \(level)")
      if level < 4 { try model.advance(&h, through: level..<level + 1, batch, workspace: workspace) }
    }
  }

  /// A stitched model's classifier reads from the first state of its second part.
  @Test func aStitchedModelIsReadFromItsSecondPart() throws {
    let (a, b) = (try Golden.model("trained/imdb-bert-2"), try Golden.model("trained/imdb-bert-1-sentiment"))
    let map = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 1, threads: .available).map(.pinv)
    let model = try StitchedModel(pretrained: a, kept: 2, map: map, finetuned: b, transplanted: 1)
    let lens = try ClassifierLens(model, threads: Threads(2))
    #expect(lens.levels == [LensLevel(layer: 1, site: .residPost), LensLevel(layer: 2, site: .residPost)])
    let batch = try PackedBatch(ids)
    #expect(try lens.read(batch).last == model.classify(batch, workspace: Workspace()))
  }

  @Test func summariesCountLevelByLevel() throws {
    let levels = LensLevel.all(blocks: 1)
    let records = [
      ClassifierLensRecord(id: "a", label: 1, logits: [[1, 0], [0, 2]]),
      ClassifierLensRecord(id: "b", label: 0, logits: [[3, 0], [1, 0]]),
      ClassifierLensRecord(id: "c", label: 1, logits: [[0, 1], [1, 0]]),
    ]
    let summary = ClassifierLensSummary(levels: levels, records: records, truncated: 2, seed: 7)
    #expect(summary.reviews == 3 && summary.truncated == 2)
    #expect(summary.levels.map(\.correct) == [2, 2] && summary.levels.map(\.agreeing) == [1, 3])
    // Softmax of two logits is the sigmoid of their difference.
    func sigmoid(_ x: Double) -> Double { 1 / (1 + Float64.exp(-x)) }
    expectClose(
      summary.levels.map(\.meanTrueProbability),
      [(sigmoid(-1) + sigmoid(3) + sigmoid(1)) / 3, (sigmoid(2) + sigmoid(1) + sigmoid(-1)) / 3], absolute: 1e-12,
      relative: 1e-9, "P(true class)")
  }
}

extension Double {
  fileprivate static func exp(_ x: Double) -> Double {
    // A sum that does not share the code under test.
    var (term, sum) = (1.0, 1.0)
    for n in 1..<60 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }
}
