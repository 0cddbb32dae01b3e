import ArgumentParser
import Files
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

  /// - Throws: what loading the tokenizer throws; `CommandError.missingSpecialToken`.
  init(_ model: any Runnable, _ options: EncodingOptions) throws {
    tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    maxLength = options.maxLength.map { min($0, model.positions) }
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
    prefix = []
  }

  /// - Throws: `CommandError.emptyText`, `TokenizationError`.
  func encode(_ text: [UInt8], source: String) throws -> Tokens {
    let tokens = try text.withUnsafeBytes { bytes in
      guard let maxLength else { return Tokens(ids: prefix + (try tokenizer.encodeIDs(bytes)), truncated: false) }
      let head = try tokenizer.encodeHead(bytes, maxLength: maxLength - prefix.count)
      return Tokens(ids: prefix + head.ids, truncated: head.truncated)
    }
    guard !tokens.ids.isEmpty else { throw CommandError.emptyText(source: source) }
    return tokens
  }
}
