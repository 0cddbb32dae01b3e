import DenseMath
import Evaluation
import Files
import Foundation
import Stitching
import TestSupport
import Testing
import Transformer

/// What `auto` chooses: the candidate, and the cut, with which a stitched model answers most like B, on texts without labels.
@Suite struct AutomaticMapsTests {
  private let a: TokenizedModel
  private let b: TokenizedModel
  private let reviews: Dataset
  private let unlabelled: Dataset

  init() throws {
    a = try TokenizedModel(Model(directory: Places.model("imdb-gpt2-wide")))
    b = try TokenizedModel(Model(directory: Places.model("imdb-gpt2-narrow-sentiment")))
    let all = try Dataset.read(Places.reviews)
    reviews = try all.subset(limit: 20, seed: 1)
    unlabelled = try all.subset(limit: 40, seed: 2)
  }

  private func run(_ maps: [MapRecipe], _ unlabelled: UnlabelledSource, kept: [Int] = [0, 3]) throws -> StitchRun {
    let grid = StitchGrid(
      pairs: [.init(group: 0, pretrained: 0, finetuned: 1, kept: kept, transplanted: [2], recipes: maps)],
      seams: ["plain"], draws: 1)
    let pair = try StitchPair(a, b, allowsPartialVocabulary: false, cleaning: .br, maxLength: 48)
    let run = try StitchRun(
      grid, pairs: [pair], unlabelled: unlabelled, seed: 4, workspace: Workspace(threads: Threads(2)))
    try run.read(reviews)
    return run
  }

  /// Mean KL(B ‖ stitched) over the texts that no map was fitted to, one text at a time, in Double.
  private func divergence(_ map: StitchingMap, kept: Int, _ texts: [EncodedReview]) throws -> Double {
    let model = try StitchedModel(
      pretrained: a.model, kept: kept, map: map, finetuned: b.model, transplanted: 2)
    let workspace = Workspace(threads: Threads(1))
    func probabilities(_ model: any TransformerModel, _ ids: [Int32]) throws -> [Double] {
      let batch = try PackedBatch([ids])
      let h = try model.forward(batch, rows: nil, workspace: workspace, observer: nil, interventions: [])
      let logits = try model.requireClassifier().apply(h, batch, workspace: workspace)[0].map(Double.init)
      let weights = logits.map { exp($0 - (logits.max() ?? 0)) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    let sum = try texts.reduce(0.0) { sum, text in
      let (p, q) = (try probabilities(b.model, text.ids), try probabilities(model, text.ids))
      return sum + zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    }
    return sum / Double(texts.count)
  }

  private func encoded(_ dataset: Dataset) throws -> [EncodedReview] {
    try EncodedReviews(dataset, tokenizer: a.tokenizer, cleaning: .br, maxLength: 48, threads: Threads(2)).reviews
  }

  /// Of a file that is sorted by class, the answers to texts of both classes are compared.
  @Test func textsFromAllOfASortedFileAreCompared() throws {
    let all = try Dataset.read(Places.reviews).reviews.sorted { ($0.label, $0.id) < ($1.label, $1.id) }
    let automatic = try run([MapRecipe(.auto)], .texts(Dataset(name: "sorted", texts: all.map(\.text))), kept: [3])
    let map = try #require(try automatic.maps(of: automatic.jobs[0]).values.first?.first)
    // 200 of the 500 texts at odd places, at equal distances.
    let places = (0..<200).map { 2 * ($0 * 500 / 200) + 1 }
    #expect(all.count == 1000 && places.count { all[$0].label == 1 } == 100)
    let texts = try encoded(Dataset(name: "sorted", texts: all.map(\.text)))
    let expected = try divergence(map, kept: 3, places.map { texts[$0] })
    expectClose([try #require(map.divergence)], [expected], absolute: 1e-6, relative: 1e-4, "divergence")
  }

  @Test func theChoiceAnswersMostLikeB() throws {
    let automatic = try run([MapRecipe(.auto)], .texts(unlabelled))
    let all = try run(MapRecipe.candidates, .texts(unlabelled))
    let texts = try encoded(unlabelled).enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    var best: [Int: Double] = [:]
    for (cut, candidates) in try all.maps(of: all.jobs[0]) {
      let divergences = try candidates.map { try divergence($0, kept: cut.kept, texts) }
      let place = try #require(divergences.indices.min { divergences[$0] < divergences[$1] })
      let map = try #require(try automatic.maps(of: automatic.jobs[0])[cut]?.first)
      #expect(map.recipe == MapRecipe(.auto) && map.chosen == candidates[place].recipe, "after \(cut.kept)")
      #expect(map.matrix == candidates[place].matrix && map.ridge == candidates[place].ridge)
      expectClose([try #require(map.divergence)], [divergences[place]], absolute: 1e-6, relative: 1e-4, "divergence")
      #expect((divergences.max() ?? 0) > 1.2 * divergences[place])
      best[cut.kept] = divergences[place]
    }
    // Of the cuts, the one with the least.
    let records = try automatic.units.flatMap { try automatic.records(of: $0) }
    let results = StitchResults(records, grid: automatic.grid)
    let cuts = try results.automaticCuts(automatic.facts())
    let chosen = try #require(cuts.first)
    let kept = try #require(best.min { $0.value < $1.value }?.key)
    #expect(cuts.count == 1 && chosen.score.point.cut.kept == kept && chosen.score.n == 20)
    #expect(chosen.score.accuracy == Double(chosen.score.correct) / 20)
  }

  /// Fewer tokens than features: a map fitted to them answers badly, and another is chosen.
  @Test func aMapOfTooFewTokensIsNotChosen() throws {
    let few = try Dataset(
      name: "few", texts: ["good"] + unlabelled.reviews.prefix(1).map(\.text))
    let automatic = try run([MapRecipe(.auto)], .texts(few), kept: [3])
    let map = try #require(try automatic.maps(of: automatic.jobs[0]).values.first?.first)
    #expect(map.chosen != MapRecipe(.affine) && map.divergence?.isFinite == true)
  }

  /// Of each seed the cut with the least divergence, whatever its accuracy; B itself is subtracted review by review.
  @Test func automaticCutsOfSeedsAreCombined() throws {
    let recipes = [MapRecipe.pinv, MapRecipe(.auto)]
    let grid = StitchGrid(
      pairs: [1, 2].map {
        .init(group: 0, pretrained: 0, finetuned: $0, kept: [0, 1], transplanted: [2], recipes: recipes)
      }, seams: ["plain"], draws: 1)
    // Right answers of 4 reviews, by pair and cut; B itself is right in 4 and 3.
    let right = [[1, 3], [2, 0]]
    func records(_ point: StitchPoint, _ count: Int) -> [StitchRecord] {
      (0..<4).map { review in
        StitchRecord(
          point: point,
          prediction: Prediction(
            id: "r\(review)", label: 0, logits: review < count ? [1, 0] : [0, 1], tokens: 3, truncated: false))
      }
    }
    let all =
      grid.points.flatMap { records($0, right[$0.pair][$0.cut.kept]) }
      + [0, 1].flatMap { pair in
        records(
          StitchPoint(pair: pair, seam: "plain", cut: .init(kept: 2, transplanted: 2), map: StitchPoint.ownState),
          4 - pair)
      }
    let divergences = [[0.5, 0.2], [0.1, 0.1]]
    let points = try grid.points.map { point -> JSON in
      let isAuto = point.map == "auto"
      let facts: JSONMembers = [
        "chosen": isAuto ? "affine:all" : nil as String?, "condition": 2.0, "residual": 0.5,
        "kl_to_finetuned": isAuto ? divergences[point.pair][point.cut.kept] : nil as Double?,
      ]
      return try JSON(encoding: ["facts": facts] as JSONMembers + point)
    }
    let folder = try TemporaryFolder()
    try folder.write(JSON(encoding: ["points": JSON.array(points)] as JSONMembers).serialized(), to: "results.json")
    let facts = try MapFacts.read(run: folder.path)
    let results = StitchResults(all, grid: grid)
    let cuts = results.automaticCuts(facts)
    // Equal divergences: the cut with fewer blocks.
    #expect(cuts.map(\.score.point.cut.kept) == [1, 0] && cuts.map(\.score.correct) == [3, 2])
    #expect(cuts.map(\.divergence) == [0.2, 0.1] && cuts.allSatisfy { $0.map.name == "affine:all" })
    let curves = try StitchCurves(results, facts: facts, seed: 3)
    let seeds = try #require(curves.automatic.first)
    #expect(curves.automatic.count == 1 && seeds.pairs == [0, 1] && seeds.transplanted == 2)
    #expect(seeds.mean.value == 0.625 && seeds.finetuned.value == 0.875 && seeds.difference.value == -0.25)
    #expect(seeds.difference.interval.low < -0.25 && seeds.difference.interval.high > -0.25)
    let json = try JSONNode(JSON(encoding: cuts[0].membersInPair), path: "cut")
    #expect(try json["levels"].array().map { try $0.string() } == ["embed", "L0"] && json["n"].int() == 4)
    // A part that lacks a cut chooses none.
    let part = StitchResults(all.filter { $0.point.cut.kept != 1 }, grid: grid)
    #expect(part.automaticCuts(facts).isEmpty)
  }

  /// Texts that A writes by itself stand for texts that are given: the same maps from the same file.
  @Test func generatedTextsAreTextsLikeOthers() throws {
    let generated = try run([try MapRecipe("affine:all")], .generated(12), kept: [3])
    let texts = try #require(try generated.unlabelledTexts(of: 0))
    #expect(texts.name == "generated:12" && texts.reviews.count <= 12 && texts.reviews.count > 8)
    let folder = try TemporaryFolder()
    try texts.write(to: folder.path("texts.jsonl"))
    let read = try Dataset.read(folder.path("texts.jsonl"))
    #expect(try read.sha256() == texts.sha256() && generated.unlabelledDigest() == texts.sha256())
    let given = try run([try MapRecipe("affine:all")], .texts(read), kept: [3])
    #expect(
      try given.maps(of: given.jobs[0]).values.first?.first?.matrix
        == generated.maps(of: generated.jobs[0]).values.first?.first?.matrix)
    #expect(try given.generatedTexts().isEmpty && generated.generatedTexts().count == 1)
  }

  @Test(arguments: [("generated", 1000), ("generated:2", 2), ("generated.jsonl", nil), ("./generated", nil)])
  func theWordForGeneratedTexts(_ text: String, _ count: Int?) throws {
    #expect(try UnlabelledSource.count(text) == count)
  }

  @Test(arguments: ["generated:", "generated:1", "generated:x", "generated:-4"])
  func aNumberThatIsNoneIsRefused(_ text: String) {
    #expect(throws: StitchingError.unknownTexts(text)) { try UnlabelledSource.count(text) }
  }
}
