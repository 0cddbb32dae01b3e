import Tokenization

/// A filter of tokens by their text (`Tokenizer.bareText`).
package struct TokenSelection: Sendable, Equatable {
  /// Whether only ASCII characters are allowed.
  package var ascii: Bool
  /// Whether only letters and digits are allowed.
  package var alphanumeric: Bool
  /// The least number of characters.
  package var minimumLength: Int
  /// The allowed texts, in lower case; nil for all.
  package var words: Set<String>?

  package init(ascii: Bool = false, alphanumeric: Bool = false, minimumLength: Int = 0, words: Set<String>? = nil) {
    self.ascii = ascii
    self.alphanumeric = alphanumeric
    self.minimumLength = minimumLength
    self.words = words
  }

  package var isEverything: Bool { self == TokenSelection() }

  /// The ids below `count` that pass, ascending; nil for all. Rows without a token (padding of the matrix) pass only an
  /// empty filter.
  package func ids(of tokenizer: Tokenizer, below count: Int) -> [Int]? {
    guard !isEverything else { return nil }
    return (0..<count).filter { allows(tokenizer.bareText(Int32($0))) }
  }

  func allows(_ text: String) -> Bool {
    guard !text.isEmpty, text.count >= minimumLength else { return false }
    if ascii, !text.utf8.allSatisfy({ $0 < 0x80 }) { return false }
    if alphanumeric, !text.allSatisfy({ $0.isLetter || $0.isNumber }) { return false }
    return words.map { $0.contains(text.lowercased()) } ?? true
  }
}

extension Tokenizer {
  /// A row of a matrix over the vocabulary, for display. A row of padding past the vocabulary is named by its number.
  package func rowLabel(_ row: Int) -> String {
    token(Int32(row)) == nil ? "[row \(row), no token]" : display(Int32(row))
  }
}

/// Which pairs of tokens are left out for having the same text.
package enum PairSelection: String, CaseIterable, Sendable {
  case all
  /// A token with itself.
  case different
  /// Two tokens that differ only in case, in the space before them or in `##`.
  case distinct

  /// A number for each id below `count`: pairs with equal numbers are left out. nil to keep all.
  package func groups(of tokenizer: Tokenizer, below count: Int) -> [Int32]? {
    switch self {
    case .all: return nil
    case .different: return (0..<Int32(count)).map { $0 }
    case .distinct:
      var first: [String: Int32] = [:]
      return (0..<Int32(count)).map { id in
        let text = tokenizer.bareText(id).lowercased()
        // Tokens without a text are distinguished by their ids.
        guard !text.isEmpty else { return id }
        if let known = first[text] { return known }
        first[text] = id
        return id
      }
    }
  }
}
