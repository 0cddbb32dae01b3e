import Files

/// The rows of two token embeddings that are the same token.
package struct SharedVocabulary: Sendable {
  /// Rows of A's and B's embedding, in the order of A's ids.
  package let rows: [(a: Int, b: Int)]
  /// Whether every token of either model is shared.
  package let isWhole: Bool

  /// All ids of two models with the same vocabulary.
  package init(count: Int) {
    rows = (0..<count).map { ($0, $0) }
    isWhole = true
  }

  /// Matches tokens by their exact strings. Rows past the tokenizer's vocabulary (padding of the embedding) are left out.
  /// - Parameters:
  ///   - vocabularyA: rows of A's embedding; `vocabularyB` of B's.
  ///   - allowsPartial: whether tokens that only one model has may be left out.
  /// - Throws: `TokenizationError.differentVocabularies`, `.nothingInCommon`.
  package init(
    _ a: Tokenizer, rows vocabularyA: Int, _ b: Tokenizer, rows vocabularyB: Int, allowsPartial: Bool
  ) throws {
    let tokensA = Array(a.vocabulary.prefix(vocabularyA))
    let tokensB = Array(b.vocabulary.prefix(vocabularyB))
    var rowOfB: [ExactKey: Int] = [:]
    for (row, token) in tokensB.enumerated() {
      if let token { rowOfB[ExactKey(token)] = row }
    }
    rows = tokensA.enumerated().compactMap { row, token in
      token.flatMap { rowOfB[ExactKey($0)] }.map { (row, $0) }
    }
    let difference = (0..<max(tokensA.count, tokensB.count)).first { row in
      let (left, right) = (row < tokensA.count ? tokensA[row] : nil, row < tokensB.count ? tokensB[row] : nil)
      return left.map(ExactKey.init) != right.map(ExactKey.init)
    }
    isWhole = difference == nil
    if let difference, !allowsPartial {
      func show(_ tokens: [String?]) -> String {
        difference < tokens.count ? tokens[difference].map { "\"\($0)\"" } ?? "no token" : "no token"
      }
      throw TokenizationError.differentVocabularies(
        id: difference, first: show(tokensA), second: show(tokensB), common: rows.count)
    }
    guard !rows.isEmpty else { throw TokenizationError.nothingInCommon }
  }
}
