import Tokenization

extension SingleToken {
  /// - Parameter source: where the text stands: "--target".
  /// - Throws: `CommandError.unknownToken`.
  init(_ text: String, from source: String, _ tokenizer: Tokenizer) throws {
    do {
      try self.init(text, tokenizer)
    } catch let error as UnknownToken {
      throw CommandError.unknownToken(source: source, text: text, pieces: error.pieces, meant: error.meant)
    }
  }
}

extension Tokenizer {
  /// The tokens of texts, with a note on the first of which the same word after a space is another token.
  /// - Parameter texts: each with where it stands: "--target".
  /// - Throws: `CommandError.unknownToken`.
  func singleTokens(_ texts: [(source: String, text: String)]) throws -> [Int32] {
    let tokens = try texts.map { try SingleToken($0.text, from: $0.source, self) }
    let unspaced = zip(texts, tokens).filter { $1.afterSpace != nil }
    if let (text, token) = unspaced.first, let other = token.afterSpace {
      let rest = unspaced.count > 1 ? " (so for \((unspaced.count - 1).grouped) more)" : ""
      Console.note(
        "\(text.source) '\(text.text)' is the token that begins a text; after a space the word is '\(other)'\(rest)")
    }
    return tokens.map(\.id)
  }
}
