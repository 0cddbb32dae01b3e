import Tokenization

/// Which tokens a list may show, by what they say (`Tokenizer.bareText`).
package struct TokenSelection: Sendable, Equatable {
  /// ASCII characters alone.
  package var ascii: Bool
  /// Letters and digits alone.
  package var alphanumeric: Bool
  /// At least so many characters.
  package var minimumLength: Int
  /// Only tokens that say one of these, in lower case; nil for all.
  package var words: Set<String>?

  package init(ascii: Bool = false, alphanumeric: Bool = false, minimumLength: Int = 0, words: Set<String>? = nil) {
    self.ascii = ascii
    self.alphanumeric = alphanumeric
    self.minimumLength = minimumLength
    self.words = words
  }

  package var isEverything: Bool { self == TokenSelection() }

  /// The ids below `count` that may be shown, ascending; nil for all. Rows without a token (padding of the matrix) are
  /// shown only where everything is.
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
  /// A row of a matrix over the vocabulary, as people read it. A matrix is often padded to a round number of rows: one past
  /// the vocabulary is named by its number.
  package func rowLabel(_ row: Int) -> String {
    token(Int32(row)) == nil ? "[row \(row), no token]" : display(Int32(row))
  }
}

/// Which pairs of tokens a list leaves out because they say the same.
package enum PairSelection: String, CaseIterable, Sendable {
  case all
  /// A token with itself.
  case different
  /// Two tokens that differ only in case, in the space before them or in `##`.
  case distinct

  /// A number for each id below `count`: pairs of equal numbers are left out. nil where none is.
  package func groups(of tokenizer: Tokenizer, below count: Int) -> [Int32]? {
    switch self {
    case .all: return nil
    case .different: return (0..<Int32(count)).map { $0 }
    case .distinct:
      var first: [String: Int32] = [:]
      return (0..<Int32(count)).map { id in
        let text = tokenizer.bareText(id).lowercased()
        // Tokens that say nothing are told apart by their ids.
        guard !text.isEmpty else { return id }
        if let known = first[text] { return known }
        first[text] = id
        return id
      }
    }
  }
}
