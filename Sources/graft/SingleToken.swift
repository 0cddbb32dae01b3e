import Tokenization

/// A text that stands for one token, as --target and --versus take it; "␣" stands for a space.
struct SingleToken {
  let id: Int32
  /// A token that may have been meant instead: of a GPT-2 "time", which begins a text, " time", which follows a word.
  let afterSpace: String?

  /// - Throws: `CommandError.unknownToken`, with the token that the text is after a space, or without one.
  init(_ text: String, _ tokenizer: Tokenizer) throws {
    let plain = text.replacing("␣", with: " ")
    let pieces = try tokenizer.encode(plain, addSpecialTokens: false).ids
    guard let id = try Self.id(plain, tokenizer) ?? tokenizer.id(of: text) else {
      let others = [" " + plain, String(plain.drop { $0 == " " })]
      throw CommandError.unknownToken(
        text: text, pieces: pieces.map(tokenizer.display),
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
  /// The token of an option, with a note where the same word after a space is another token.
  /// - Throws: `CommandError.unknownToken`.
  func token(of option: String, _ text: String) throws -> Int32 {
    let token = try SingleToken(text, self)
    if let other = token.afterSpace {
      Console.note("\(option) '\(text)' is the token that begins a text; after a space the word is '\(other)'")
    }
    return token.id
  }
}
