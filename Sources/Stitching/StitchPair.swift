import DenseMath
import Evaluation
import Tokenization
import Transformer

/// Two models to stitch, with their reading of texts.
package struct StitchPair: Sendable {
  /// Called with tokenized texts, their maximum length, and their dataset.
  package typealias Reader = (_ texts: EncodedReviews, _ dataset: Dataset, _ maxLength: Int) -> Void

  package let a: TokenizedModel
  package let b: TokenizedModel
  package let shared: SharedVocabulary
  /// The cleaning of a text before tokenization.
  package let cleaning: TextCleaning
  /// The most tokens of a text, at most as many as both models read.
  package let maxLength: Int

  /// - Parameters:
  ///   - a: gives the lower blocks; `b`: the last blocks and the classifier.
  ///   - maxLength: nil for as many tokens as both models have positions.
  /// - Throws: `StitchingError.differentArchitectures`; `TokenizationError` for vocabularies that differ.
  package init(
    _ a: TokenizedModel, _ b: TokenizedModel, allowsPartialVocabulary: Bool, cleaning: TextCleaning = .none,
    maxLength: Int? = nil
  ) throws {
    // Before the vocabularies are compared: those of BERT and GPT-2 never agree, and that is not the reason.
    guard a.model.traits.fits(b.model.traits) else {
      throw StitchingError.differentArchitectures(pretrained: a.model.traits, finetuned: b.model.traits)
    }
    self.a = a
    self.b = b
    self.cleaning = cleaning
    self.maxLength = min(maxLength ?? .max, a.model.positions, b.model.positions)
    shared = try SharedVocabulary(a, b, allowsPartial: allowsPartialVocabulary)
  }

  /// Tokenizes a dataset for one of the two models.
  func read(
    _ dataset: Dataset, by side: TokenizedModel, threads: Threads, _ reader: Reader
  ) throws -> EncodedReviews {
    let texts = try EncodedReviews(
      dataset, tokenizer: side.tokenizer, cleaning: cleaning, maxLength: maxLength,
      rows: side.model.dimensions.vocabulary, threads: threads)
    reader(texts, dataset, maxLength)
    return texts
  }
}

/// A dataset tokenized for both models of a pair.
package struct StitchReviews: Sendable {
  package let readByA: EncodedReviews
  package let readByB: EncodedReviews
  package let labelOrder: LabelOrder

  /// - Throws: `LabelError`, `TransformerError`; what tokenizing throws.
  init(_ dataset: Dataset, of pair: StitchPair, threads: Threads, _ reader: StitchPair.Reader) throws {
    let labelled = try dataset.labelled(for: ClassNames(of: pair.b.model))
    readByA = try pair.read(labelled, by: pair.a, threads: threads, reader)
    readByB = try pair.read(labelled, by: pair.b, threads: threads, reader)
    labelOrder = labelled.labelOrder ?? .names
  }

  /// A batch of `readByA`, tokenized for both models.
  func batch(_ index: Int) -> (a: [EncodedReview], b: [EncodedReview]) {
    let range = readByA.batches[index]
    return (Array(readByA.reviews[range]), Array(readByB.reviews[range]))
  }
}

/// Statistics of unlabelled texts at the cuts of a pair.
struct UnlabelledTexts {
  /// Of every other text, from the first: for fitting maps.
  let fitting: SeamStatistics
  /// Of the rest, with a sample: for measuring them.
  let measuring: SeamStatistics
  /// Of the texts of `measuring`, those whose answers `auto` compares, from all over the file.
  let answered: EncodedReviews

  /// The number of tokens of the measures on single states.
  private static let sampled = 1000
  /// The most texts whose answers `auto` compares.
  private static let answers = 200

  /// Runs both models over texts, whose labels are not used.
  /// - Parameter recipes: of the maps that are made from them.
  /// - Throws: `StitchingError`; what tokenizing and running throw.
  init(
    _ dataset: Dataset, of pair: StitchPair, recipes: [MapRecipe], kept: [Int], transplanted: [Int],
    options: StitchedModel.Options, workspace: Workspace, _ reader: StitchPair.Reader
  ) throws {
    guard pair.shared.isWhole else { throw StitchingError.textsNeedOneVocabulary }
    let texts = try pair.read(dataset, by: pair.a, threads: workspace.threads, reader)
    guard texts.reviews.count >= 2 else { throw StitchingError.tooFewTexts(dataset: dataset.name) }
    let levels = Set(recipes.map(\.levels)).sorted { $0.name < $1.name }
    func statistics(_ texts: EncodedReviews, sampled: Int) throws -> SeamStatistics {
      try SeamStatistics(
        pretrained: pair.a.model, finetuned: pair.b.model, kept: kept, transplanted: transplanted, levels: levels,
        withMismatch: recipes.contains { $0.kind == .mismatched }, options: options, texts: texts, sampled: sampled,
        workspace: workspace)
    }
    let rest = texts.part(1, of: 2)
    fitting = try statistics(texts.part(0, of: 2), sampled: 0)
    measuring = try statistics(rest, sampled: Self.sampled)
    answered = rest.spread(Self.answers)
  }
}
