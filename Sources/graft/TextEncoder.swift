import ArgumentParser
import DenseMath
import Evaluation
import Files
import Synchronization
import Tokenization
import Transformer

/// How a text that is too long, or wants a beginning, becomes ids.
struct EncodingOptions: ParsableArguments {
  @Option(help: "Keep the head of the text, at most this many tokens, special ones included.")
  var maxLength: Int?

  @Flag(help: "Put the beginning-of-text token first (GPT-2; none is added otherwise).")
  var bos = false

  func validate() throws {
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength).") }
  }

  /// The options as they stand in a result.
  var members: [JSON.Member] {
    [JSON.Member("bos", .bool(bos)), JSON.Member("max_length", maxLength.map { .integer($0) } ?? .null)]
  }
}

/// Texts to ids for one model.
struct TextEncoder {
  /// The ids of a text, and whether its end was left out.
  struct Tokens {
    let ids: [Int32]
    let truncated: Bool
  }

  let tokenizer: Tokenizer
  private let prefix: [Int32]
  /// nil: a text that is too long is kept whole, for the forward pass to refuse.
  private let maxLength: Int?
  private let positions: Int

  /// - Throws: what loading the tokenizer throws; `CommandError.missingSpecialToken`.
  init(_ model: any Runnable, _ options: EncodingOptions) throws {
    tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    maxLength = options.maxLength.map { min($0, model.positions) }
    positions = model.positions
    guard options.bos else {
      prefix = []
      return
    }
    guard let bos = tokenizer.specialTokens.bos else {
      throw CommandError.missingSpecialToken(
        directory: model.tokenizerDirectory, role: "beginning-of-text", option: "--bos")
    }
    prefix = [bos]
  }

  /// The head of a text, for classifiers: at most `maxLength` tokens, and never more than the model has positions.
  init(_ model: any Runnable, maxLength: Int?) throws {
    tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    self.maxLength = min(maxLength ?? model.positions, model.positions)
    positions = model.positions
    prefix = []
  }

  /// - Throws: `CommandError.emptyText`, `TokenizationError`.
  func encode(_ text: [UInt8], source: String) throws -> Tokens {
    let tokens = try text.withUnsafeBytes { bytes in
      guard let maxLength else { return Tokens(ids: prefix + (try tokenizer.encodeIDs(bytes)), truncated: false) }
      let head = try tokenizer.encodeHead(bytes, maxLength: maxLength - prefix.count)
      if head.truncated {
        Truncation.add(
          source, tokens: prefix.count + (try tokenizer.encodeIDs(bytes).count), read: prefix.count + head.ids.count,
          isModelsLimit: maxLength == positions)
      }
      return Tokens(ids: prefix + head.ids, truncated: head.truncated)
    }
    guard !tokens.ids.isEmpty else { throw CommandError.emptyText(source: source) }
    return tokens
  }
}

/// What is said on standard error of texts that were not read to their end.
enum Truncation {
  private struct Said {
    /// Of single texts.
    var sources: [String] = []
    var datasets: Set<String> = []
  }

  private static let said = Mutex(Said())

  /// A text of the command line or of a file. The first one is noted at once, others are counted for `finish`.
  static func add(_ source: String, tokens: Int, read: Int, isModelsLimit: Bool) {
    let isFirst = said.withLock { said in
      // A command may read a text twice.
      guard !said.sources.contains(source) else { return false }
      said.sources.append(source)
      return said.sources.count == 1
    }
    guard isFirst else { return }
    let limit = isModelsLimit ? "the model reads no more" : "--max-length"
    Console.note("\(source): the text has \(tokens.counted("token")); \(read) were read (\(limit))")
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

extension EncodedReviews {
  /// The texts of a dataset, with a note when some are truncated.
  static func noting(
    _ dataset: Dataset, tokenizer: Tokenizer, cleaning: TextCleaning, maxLength: Int, threads: Threads
  ) throws -> EncodedReviews {
    let encoded = try EncodedReviews(
      dataset, tokenizer: tokenizer, cleaning: cleaning, maxLength: maxLength, threads: threads)
    Truncation.note(encoded, of: dataset, maxLength: maxLength)
    return encoded
  }
}
