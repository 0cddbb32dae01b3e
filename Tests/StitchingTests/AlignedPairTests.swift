import DenseMath
import Files
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Several models compared, and summarised.
@Suite struct AlignedPairTests {
  @Test func everyTwoOfThreeModels() throws {
    let models = try ["imdb-bert-1", "imdb-bert-1-sentiment", "imdb-bert-2"].map {
      try TokenizedModel(Model(directory: Places.model($0)))
    }
    let plan = AlignmentPlan(
      kinds: [.value, .feedForwardValue], spaces: [.feature], vectors: 2, tokens: 3, allowsPartialVocabulary: false,
      threads: Threads(2))
    let recorder = ProgressRecorder()
    let pairs = try AlignedPair.all(of: models, plan, progress: recorder.handler)
    #expect(recorder.done == [1, 2, 3, 4, 5, 6])
    #expect(pairs.map { [$0.first, $0.second] } == [[0, 1], [0, 2], [1, 2]])
    #expect(pairs[0].names == ("imdb-bert-1", "imdb-bert-1-sentiment"))
    let rows = models[0].model.wE.rows
    #expect(pairs.allSatisfy { $0.sharedTokens == rows && $0.groups.map(\.kind) == plan.kinds })
    let aligner = try ModelAligner(
      models[0].model, models[1].model, shared: SharedVocabulary(count: rows), spaces: [.feature], threads: Threads(2))
    #expect(try pairs[0].groups[0].alignment == aligner.align(.value, in: .feature))
    // A model and its fine-tuned copy: the closest vectors are the same ones, with the same tokens.
    for layers in pairs[0].groups[1].layers {
      #expect(layers.a == layers.b && layers.closest.count == 2)
      for match in layers.closest {
        #expect(match.vectors.a == match.vectors.b && match.vectors.correlation > 0.9)
        #expect(match.places.a.description == "L\(layers.a):\(match.vectors.a)" && match.places.b == match.places.a)
        #expect(match.tokensOfA.count == 3 && !Set(match.tokensOfA).isDisjoint(with: match.tokensOfB))
      }
    }
    let summary = AlignmentSummary(pairs, models: 3, seed: 1)
    #expect(summary.lines.map(\.kind) == [.feedForwardValue, .value], "in the order of the paper's figure")
    let margins = pairs.compactMap(\.groups[0].alignment.margin)
    #expect(margins.count == 3 && abs(summary.lines[1].margin.mean - margins.reduce(0, +) / 3) < 1e-15)
    #expect(summary.lines[1].margin.interval?.low == margins.min())
  }

  /// Models of two widths have embedding space alone, and single vectors are reported only on request.
  @Test func spacesFollowTheWidths() throws {
    let models = try ["imdb-gpt2-wide", "imdb-gpt2-narrow"].map {
      try TokenizedModel(Model(directory: Places.model($0)))
    }
    let plan = AlignmentPlan(
      kinds: [.key], spaces: nil, vectors: 0, tokens: 5, allowsPartialVocabulary: false, threads: Threads(2))
    let pairs = try AlignedPair.all(of: models, plan)
    #expect(pairs.count == 1 && pairs[0].groups.map(\.space) == [.embedding] && pairs[0].groups[0].layers.isEmpty)
    #expect(try JSON(encoding: pairs[0])["b"] == 1)
    let both = AlignmentPlan(
      kinds: [.key], spaces: AlignmentSpace.allCases, vectors: 0, tokens: 5, allowsPartialVocabulary: false,
      threads: Threads(2))
    #expect(throws: StitchingError.self) { try AlignedPair.all(of: models, both) }
  }
}
