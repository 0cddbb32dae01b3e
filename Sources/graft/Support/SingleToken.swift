import Tokenization

/// A text that stands for one token, as --target and --versus take it; "␣" stands for a space.
struct SingleToken {
  let id: Int32
  /// A token that may have been meant instead: of byte-level BPE's "time", which begins a text, " time", which follows a
  /// word.
  let afterSpace: String?

  /// - Parameter source: where the text stands: "--target".
  /// - Throws: `CommandError.unknownToken`, with the token that the text is after a space, or without one.
  init(_ text: String, from source: String, _ tokenizer: Tokenizer) throws {
    let plain = text.replacing("␣", with: " ")
    let pieces = try tokenizer.encode(plain, addSpecialTokens: false).ids
    guard let id = try Self.id(plain, tokenizer) ?? tokenizer.id(of: text) else {
      let others = [" " + plain, String(plain.drop { $0 == " " })]
      throw CommandError.unknownToken(
        source: source, text: text, pieces: pieces.map(tokenizer.display),
        meant: try others.first { try $0 != plain && Self.id($0, tokenizer) != nil })
    }
    self.id = id
    let other = plain.hasPrefix(" ") ? nil : try Self.id(" " + plain, tokenizer)
    afterSpace = other.flatMap { $0 == id ? nil : " " + plain }
  }

  private static func id(_ text: String, _ tokenizer: Tokenizer) throws -> Int32? {
    let ids = try tokenizer.encode(text, addSpecialTokens: false).ids
    return ids.count == 1 && ids[0] != tokenizer.specialTokens.unk ? ids[0] : nil
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
