import DenseMath
import Evaluation
import Files
import Foundation
import Interpretability
import TestSupport
import Testing
import Tokenization
import Transformer

/// The lens over a dataset, and the tuned lens that is fitted to one.
@Suite struct LensCorpusTests {
  private static let names = ["trained/imdb-bert-1", "trained/imdb-gpt2-wide"]

  private let folder: TemporaryFolder
  private let dataset: Dataset

  init() throws {
    folder = try TemporaryFolder()
    let texts = ["a great film", "a complete waste of two hours", "the acting is good and the plot is not", "dull"]
    let lines = texts.enumerated().map { "{\"text\": \"\($1)\", \"label\": \($0 % 2)}\n" }
    try OutputFile.write(lines.joined(), to: folder.path("texts.jsonl"))
    dataset = try Dataset.read(folder.path("texts.jsonl"))
  }

  private func corpus(_ model: Model, seed: UInt64 = 5) throws -> LensCorpus {
    let tokenizer = try model.tokenizer()
    let encoded = try EncodedReviews(
      dataset, tokenizer: tokenizer, cleaning: .none, maxLength: 64, threads: Threads(2))
    return LensCorpus(
      dataset, encoded, cleaning: .none, tokenizer: tokenizer,
      masking: model.traits.predictsMasked ? (share: 0.15, seed: seed) : nil)
  }

  private func statistics(
    _ model: Model, directory: String? = nil, resume: Bool = false
  ) throws -> (LensStatistics, written: Int) {
    let corpus = try corpus(model)
    let run = try RecordedRun(
      directory: directory, stamp: JSON.object([]), batchCount: corpus.partCount, resume: resume)
    var written = 0
    let found = try corpus.statistics(by: LogitLens(model), seed: 7, in: run, workspace: Workspace()) { statistics in
      written += 1
      return try JSON(encoding: statistics)
    }
    return (found, written)
  }

  /// A causal model predicts every token but the first; of a masked one at least one token of each text is masked.
  @Test(arguments: names) func countsWhatIsPredicted(_ name: String) throws {
    let model = try Golden.model(name)
    let found = try statistics(model).0
    let tokenizer = try model.tokenizer()
    let lengths = try dataset.reviews.map { try tokenizer.encode($0.text).ids.count }
    #expect(found.texts == (model.traits.predictsMasked ? 4 : lengths.count { $0 > 1 }))
    #expect(
      found.places
        == (model.traits.predictsMasked
          ? lengths.reduce(0) { $0 + max(1, Int((0.15 * Double($1 - 2)).rounded())) }
          : lengths.reduce(0) { $0 + $1 - 1 }))
    #expect(found.levels.last?.klToFinal.value == 0 && found.levels.last?.agreement.value == 1)
  }

  /// A folder's run gives what a run in memory gives, and again when it is finished and only read.
  @Test(arguments: names) func aFinishedRunIsRead(_ name: String) throws {
    let model = try Golden.model(name)
    let inMemory = try JSON(encoding: statistics(model).0)
    let (first, written) = try statistics(model, directory: folder.path("run"))
    #expect(try JSON(encoding: first) == inMemory && written == 1)
    #expect(try JSON.read(folder.path("run/results.json")).serialized() == inMemory.serialized())
    let (again, rewritten) = try statistics(model, directory: folder.path("run"), resume: true)
    #expect(try JSON(encoding: again) == inMemory && rewritten == 0)
  }

  /// Without steps the fit is the regression's; with steps it begins there, reports a divergence per level, and the same
  /// seed gives the same bits.
  @Test(arguments: names) func fitsInClosedFormThenBySteps(_ name: String) throws {
    let model = try Golden.model(name)
    let head = try model.requireUnembedding()
    func fit(steps: Int) throws -> TunedLensFit {
      try corpus(model).fit(
        model, head: head, ridge: 0.1, steps: steps, rate: 1e-3, seed: 3, workspace: Workspace(), progress: .none)
    }
    func weights(_ fit: TunedLensFit) -> [[Float]] { fit.lens.translators.map(\.weight.values) }
    let (closed, stepped, again) = (try fit(steps: 0), try fit(steps: 3), try fit(steps: 3))
    #expect(closed.divergences == nil && closed.explained == stepped.explained)
    #expect(closed.places == (try statistics(model).0.places))
    #expect(stepped.divergences?.count == model.dimensions.layers && weights(stepped) != weights(closed))
    #expect(weights(stepped) == weights(again) && stepped.divergences == again.divergences)
  }

  @Test func aFitCanBeCancelled() throws {
    let model = try Golden.model(Self.names[0])
    let stop = ProgressHandler(begin: { _ in { _ in } }, isCancelled: { true })
    #expect(throws: CancellationError.self) {
      try corpus(model).fit(
        model, head: model.requireUnembedding(), ridge: 0.1, steps: 0, rate: 1e-3, seed: 3, workspace: Workspace(),
        progress: stop)
    }
  }
}

@Suite struct LensHeadChoiceTests {
  @Test func choosesTheHead() throws {
    let model = try Golden.model("trained/imdb-gpt2-wide")
    #expect(try LensHeadChoice.mlm.heads(of: model, borrowing: nil)[0].sha256() == model.requireUnembedding().sha256())
    let embedding = try LensHeadChoice.embedding.heads(of: model, borrowing: nil)
    #expect(embedding.count == 1 && embedding[0].matrix.pointer == model.wE.pointer)
  }

  @Test func borrowsOnlyAHeadThatFits() throws {
    let classifier = try Golden.model("trained/imdb-bert-1-sentiment")
    #expect(throws: InterpretabilityError.noHead(model: classifier.name)) {
      try LensHeadChoice.mlm.heads(of: classifier, borrowing: nil)
    }
    let base = try Golden.model("trained/imdb-bert-1")
    #expect(
      try LensHeadChoice.mlm.heads(of: classifier, borrowing: base)[0].sha256() == base.requireUnembedding().sha256())
    let other = try Golden.model("trained/imdb-gpt2-wide")
    let (found, expected) = (other.requireShape, classifier.requireShape)
    #expect(
      throws: InterpretabilityError.foreignUnembedding(
        base: other.name, found: found, model: classifier.name, expected: expected)
    ) { try LensHeadChoice.mlm.heads(of: classifier, borrowing: other) }
  }
}

extension Model {
  /// [V, d]
  fileprivate var requireShape: [Int] { [dimensions.vocabulary, dimensions.hidden] }
}
