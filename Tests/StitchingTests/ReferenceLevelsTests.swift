import Checkpoints
import DenseMath
import Evaluation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Maps fitted to given texts, from one state and from several, against PyTorch in Float64 (evaluation/golden/levels.py): the
/// logits of 100 real reviews at every cut, review by review, and the ridges.
@Suite struct ReferenceLevelsTests {
  @Test(arguments: [
    ("imdb-bert-2", "imdb-bert-1-sentiment"), ("imdb-gpt2-wide", "imdb-gpt2-narrow-sentiment"),
  ])
  func everyRecordedLogitMatches(_ pretrained: String, _ finetuned: String) throws {
    let exact = try SafetensorsFile(Places.fixture("trained/\(pretrained)-to-\(finetuned)/levels.safetensors"))
    let a = try TokenizedModel(Model(directory: Places.model(pretrained)))
    let b = try TokenizedModel(Model(directory: Places.model(finetuned)))
    let layers = a.model.dimensions.layers
    let recipes = try ["affine:all", "affine:embed/last", "least-squares:embed/last:2", "affine:all/mean"].map {
      try MapRecipe($0)
    }
    let all = try Dataset.read(Places.reviews)
    let run = try StitchRun(
      StitchGrid(
        pairs: [
          .init(
            group: 0, pretrained: 0, finetuned: 1, kept: Array(1...layers), transplanted: [2], recipes: recipes)
        ], seams: ["plain"], draws: 1),
      pairs: [StitchPair(a, b, allowsPartialVocabulary: false, cleaning: .br, maxLength: 128)],
      unlabelled: .texts(all.selecting(idsIn: Places.fixture("trained/levels-fit.txt"))), seed: 1,
      workspace: Workspace())
    try run.read(all.selecting(idsIn: Places.fixture("trained/levels-score.txt")))
    let facts = try run.facts()
    let records = try run.units.flatMap { try run.records(of: $0) }
    let order = run.reviews[0].readByA.reviews.map(\.id)
    for recipe in recipes {
      for kept in 1...layers {
        let key = "\(recipe.name)/\(kept)"
        let point = StitchPoint(seam: "plain", cut: .init(kept: kept, transplanted: 2), map: recipe.name)
        let own = Dictionary(
          uniqueKeysWithValues: records.filter { $0.point == point }.map { ($0.prediction.id, $0.prediction.logits) })
        #expect(own.count == 100 && order.count == 100)
        // Largest measured error: see docs/numerics.md.
        expectCloseToLargest(
          order.flatMap { own[$0] ?? [] }, try exact.doubles(key).values, fraction: 2e-5, key)
        #expect(try facts[point]?.ridge == exact.doubles(key + "/ridge").values[0], "ridge of \(key)")
      }
    }
  }
}
