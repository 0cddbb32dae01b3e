/// A text that stands for one token, as a token to follow is named; "␣" stands for a space.
package struct SingleToken: Sendable {
  package let id: Int32
  /// A token that may have been meant instead: of byte-level BPE's "time", which begins a text, " time", which follows a
  /// word.
  package let afterSpace: String?

  /// - Throws: `UnknownToken`, with the token that the text is after a space, or without one; `TokenizationError`.
  package init(_ text: String, _ tokenizer: Tokenizer) throws {
    let plain = text.replacing("␣", with: " ")
    let pieces = try tokenizer.encode(plain, addSpecialTokens: false).ids
    guard let id = try Self.id(plain, tokenizer) ?? tokenizer.id(of: text) else {
      let others = [" " + plain, String(plain.drop { $0 == " " })]
      throw UnknownToken(
        pieces: pieces.map(tokenizer.display),
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

/// A text that is not one token of a vocabulary.
package struct UnknownToken: Error, Equatable {
  /// The tokens that it is, in readable form.
  package let pieces: [String]
  /// What may have been meant: the same word with a space before it, or without.
  package let meant: String?
}
