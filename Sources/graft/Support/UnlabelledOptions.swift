import ArgumentParser
import Evaluation
import Files
import Stitching
import Tokenization
import Transformer

/// Texts whose labels are never looked at, for maps and measures that use hidden states.
struct UnlabelledOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Texts whose labels are not used, in any form of --dataset: half of them make maps, the other half measure how close "
        + "mapped states come to the fine-tuned model's own.", valueName: "path"))
  var unlabelled: String?

  /// Runs both models over the texts; nil without any.
  /// - Throws: `StitchingError`, `DatasetError`, `FileError`; what tokenizing and running throw.
  func read(
    _ models: StitchPair, _ pair: StitchPairOptions, _ columns: ColumnOptions, _ classification: ClassificationOptions,
    _ threads: ThreadOptions
  ) throws -> UnlabelledTexts? {
    let (a, b) = (models.pretrained, models.finetuned)
    return try unlabelled.map {
      try UnlabelledTexts(
        columns.read($0, isOnly: false), a, b, kept: pair.kept(models), transplanted: pair.transplanted(models),
        options: pair.options,
        cleaning: classification.cleaning(for: b), maxLength: classification.length(for: [a, b]),
        workspace: threads.workspace())
    }
  }

  static func members(_ texts: UnlabelledTexts?) -> JSONMembers {
    [
      "unlabelled": texts.map(\.name), "unlabelled_sha256": texts.map(\.digest),
    ]
  }
}

/// What unlabelled texts say about the seams of a sweep.
struct UnlabelledTexts {
  let name: String
  let digest: String
  /// Of every other text, from the first: what maps are made from.
  let fitting: SeamStatistics
  /// Of the rest, with a sample.
  let measuring: SeamStatistics

  /// How many tokens the two measures that look at single states take.
  private static let sampled = 1000

  /// Runs both models over texts.
  /// - Parameters:
  ///   - dataset: its labels are not used.
  ///   - kept, transplanted: the cuts.
  /// - Throws: `StitchingError`, `CommandError.tooFewTexts`; what tokenizing and running throw.
  init(
    _ dataset: Dataset, _ a: Model, _ b: Model, kept: [Int], transplanted: [Int], options: StitchedModel.Options,
    cleaning: TextCleaning, maxLength: Int, workspace: Workspace
  ) throws {
    let tokenizer = try a.notedTokenizer()
    let shared = try SharedVocabulary(
      tokenizer, rows: a.wE.rows, b.notedTokenizer(),
      rows: b.wE.rows, allowsPartial: true)
    guard shared.isWhole else { throw StitchingError.textsNeedOneVocabulary }
    let texts = try EncodedReviews.noting(
      dataset, for: a, tokenizer: tokenizer, cleaning: cleaning, maxLength: maxLength, threads: workspace.threads)
    guard texts.reviews.count >= 2 else { throw CommandError.tooFewTexts(dataset: dataset.name) }
    func statistics(_ half: Int, sampled: Int) throws -> SeamStatistics {
      try SeamStatistics(
        pretrained: a, finetuned: b, kept: kept, transplanted: transplanted, options: options,
        texts: texts.part(half, of: 2), sampled: sampled, workspace: workspace)
    }
    name = dataset.name
    digest = try dataset.sha256()
    fitting = try statistics(0, sampled: 0)
    measuring = try statistics(1, sampled: Self.sampled)
  }
}
