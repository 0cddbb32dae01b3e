import ArgumentParser
import DenseMath
import Evaluation
import Files
import Synchronization
import Tokenization
import Transformer

/// How a text that is too long, or wants a beginning, becomes ids.
struct EncodingOptions: ParsableArguments {
  @Option(help: "Truncate the text to this many tokens, special ones included.")
  var maxLength: Int?

  @Flag(help: "Put the beginning-of-text token first (GPT-2), unless the tokenizer or the text does.")
  var bos = false

  func validate() throws {
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength).") }
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    ["bos": bos, "max_length": maxLength]
  }
}

/// Texts to ids for one model.
struct TextEncoder {
  let tokenizer: Tokenizer
  private let prefix: [Int32]
  /// Rows of the embedding.
  private let rows: Int
  /// nil: a text that is too long is kept whole, for the forward pass to refuse.
  private let maxLength: Int?
  /// What makes it so.
  private let limit: String

  /// - Throws: what loading the tokenizer throws; `CommandError.missingSpecialToken`.
  init(_ model: any TransformerModel, _ options: EncodingOptions) throws {
    // Prompts may be ids, which need no tokenizer but for the names.
    tokenizer = try model.vocabularyTokenizer()
    tokenizer.warnings.forEach(Console.noteOnce)
    rows = model.blockDimensions[0].vocabulary
    maxLength = options.maxLength.map { min($0, model.positions) }
    limit = Truncation.limit(options.maxLength, tokenizer: nil, positions: model.positions)
    guard options.bos else {
      prefix = []
      return
    }
    guard let bos = tokenizer.specialTokens.bos else {
      throw CommandError.missingSpecialToken(
        directory: model.tokenizerDirectory, role: "beginning-of-text", option: "--bos")
    }
    // The tokenizer may put one there by itself.
    prefix = tokenizer.template.prefix.first == bos ? [] : [bos]
  }

  /// For classifiers: a text is truncated to `maxLength` tokens (nil: what the tokenizer's files say), and never has more
  /// than the model has positions.
  init(_ model: any TransformerModel, maxLength: Int?) throws {
    tokenizer = try model.notedTokenizer()
    rows = model.blockDimensions[0].vocabulary
    self.maxLength = min(maxLength ?? tokenizer.options.maxLength ?? model.positions, model.positions)
    limit = Truncation.limit(maxLength, tokenizer: tokenizer.options.maxLength, positions: model.positions)
    prefix = []
  }

  /// - Parameter notes: whether what the tokenizer could not read is noted; not so for a text that is read again.
  /// - Throws: `CommandError.emptyText`, `EvaluationError.tokenWithoutRow`, `TokenizationError`.
  func encode(_ text: [UInt8], source: String, notes: Bool = true) throws -> EncodedText {
    let tokens = try text.withUnsafeBytes { bytes in
      let prefix = try startsWithPrefix(bytes) ? [] : prefix
      guard let maxLength else { return EncodedText(ids: prefix + (try tokenizer.encodeIDs(bytes)), truncated: false) }
      let head = try tokenizer.encodeTruncated(bytes, maxLength: maxLength - prefix.count)
      if head.truncated {
        Truncation.add(
          source, tokens: prefix.count + (try tokenizer.encodeIDs(bytes).count), read: prefix.count + head.ids.count,
          limit: limit)
      }
      return EncodedText(ids: prefix + head.ids, truncated: head.truncated)
    }
    var problems = TextProblems()
    try text.withUnsafeBytes { try problems.add($0, ids: tokens.ids, tokenizer, source: source) }
    if notes { Console.add(problems) }
    guard !tokens.ids.isEmpty else { throw CommandError.emptyText(source: source) }
    if let id = tokens.ids.first(where: { $0 >= rows }) {
      throw EvaluationError.tokenWithoutRow(id: source, token: tokenizer.token(id) ?? "", tokenID: Int(id), rows: rows)
    }
    return tokens
  }

  /// Whether a text spells the prefix itself, which must not come twice.
  private func startsWithPrefix(_ text: UnsafeRawBufferPointer) throws -> Bool {
    guard let bos = prefix.first else { return false }
    return try tokenizer.encodeIDs(text, addSpecialTokens: false).first == bos
  }
}

extension TransformerModel {
  /// `tokenizer()`, with a note of what its files say without effect.
  /// - Throws: what loading a tokenizer throws.
  func notedTokenizer() throws -> Tokenizer {
    try Tokenizer.noting(directory: tokenizerDirectory, modelType: tokenizerModelType)
  }
}

extension EncodedReviews {
  /// Reads a dataset, notes how many of its texts are truncated, and keeps what the tokenizer could not read for the
  /// notes at the end of the run.
  /// - Throws: `TokenizationError`, `EvaluationError`.
  static func noting(
    _ dataset: Dataset, for model: any TransformerModel, tokenizer: Tokenizer, cleaning: TextCleaning, maxLength: Int,
    threads: Threads
  ) throws -> EncodedReviews {
    let encoded = try EncodedReviews(
      dataset, tokenizer: tokenizer, cleaning: cleaning, maxLength: maxLength,
      rows: model.blockDimensions[0].vocabulary, threads: threads)
    note(encoded, dataset, maxLength)
    return encoded
  }

  /// Notes what of a dataset was not read as it stands.
  static func note(_ encoded: EncodedReviews, _ dataset: Dataset, _ maxLength: Int) {
    Console.add(encoded.problems)
    Truncation.note(encoded, of: dataset, maxLength: maxLength)
  }
}

extension Tokenizer {
  /// Loads a tokenizer and notes, once per run, what its files say without effect.
  static func noting(directory: String, modelType: String?) throws -> Tokenizer {
    let tokenizer = try load(directory: directory, modelType: modelType)
    tokenizer.warnings.forEach(Console.noteOnce)
    return tokenizer
  }
}

/// What is said on standard error of texts that were not read to their end.
enum Truncation {
  private struct Said {
    /// Of single texts.
    var sources: Set<String> = []
    var datasets: Set<String> = []
  }

  private static let said = Mutex(Said())

  /// A text of the command line or of a file. The first one is noted at once, others are counted for `finish`.
  static func add(_ source: String, tokens: Int, read: Int, limit: String) {
    let isFirst = said.withLock { said in
      // A command may read a text twice.
      said.sources.insert(source).inserted && said.sources.count == 1
    }
    guard isFirst else { return }
    Console.note("\(source): the text has \(tokens.counted("token")); \(read) were read (\(limit))")
  }

  /// What a text may not be longer than: --max-length, else what the tokenizer's files say, and never more than the model
  /// reads.
  static func limit(_ maxLength: Int?, tokenizer: Int?, positions: Int) -> String {
    guard (maxLength ?? tokenizer ?? positions) < positions else { return "the model reads no more" }
    return maxLength == nil ? "model_max_length in tokenizer_config.json" : "--max-length"
  }

  /// Says how many texts there were beside the first one.
  static func finish() {
    let others = said.withLock { $0.sources.count } - 1
    if others > 0 { Console.note("\(others.counted("more text")) truncated, too") }
  }

  /// The texts of a dataset; said once where two models read them alike.
  static func note(_ encoded: EncodedReviews, of dataset: Dataset, maxLength: Int) {
    let count = encoded.truncatedCount
    guard count > 0 else { return }
    let text =
      "\(dataset.name): \(count) of \(encoded.reviews.count.counted("text")) truncated to \(maxLength) tokens "
      + "(--max-length, at most what the model reads)"
    if said.withLock({ $0.datasets.insert(text).inserted }) { Console.note(text) }
  }
}
