import Interpretability
import TestSupport
import Testing
import Tokenization

/// Which tokens and pairs of a small vocabulary pass, by name.
@Suite struct TokenFilterTests {
  private static let words = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", "ab", "##ab", "Ab", "abc", "a1b2", "naïve", "x-y", "2001",
  ]
  private let folder: TemporaryFolder
  private let tokenizer: Tokenizer

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(Self.words.joined(separator: "\n") + "\n", to: "vocab.txt")
    try folder.write(#"{"do_lower_case": false}"#, to: "tokenizer_config.json")
    tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
  }

  /// Of 16 rows, two more than there are tokens.
  private func left(_ selection: TokenSelection) -> [String]? {
    selection.ids(of: tokenizer, below: 16).map { ids in ids.map { $0 < Self.words.count ? Self.words[$0] : "row" } }
  }

  @Test func choosesTokens() {
    #expect(left(TokenSelection()) == nil)
    let all = Self.words
    #expect(left(TokenSelection(ascii: true)) == all.filter { $0 != "naïve" })
    #expect(
      left(TokenSelection(alphanumeric: true)) == ["ab", "##ab", "Ab", "abc", "a1b2", "naïve", "2001"])
    #expect(left(TokenSelection(alphanumeric: true, minimumLength: 3)) == ["abc", "a1b2", "naïve", "2001"])
    #expect(left(TokenSelection(minimumLength: 5)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "naïve"])
    #expect(left(TokenSelection(words: ["ab", "2001", "none"])) == ["ab", "##ab", "Ab", "2001"])
    #expect(left(TokenSelection(ascii: true, alphanumeric: true, words: ["naïve"])) == [])
  }

  @Test func groupsPairsThatSayTheSame() throws {
    #expect(PairSelection.all.groups(of: tokenizer, below: 16) == nil)
    #expect(PairSelection.different.groups(of: tokenizer, below: 16) == (0..<16).map { Int32($0) })
    // "ab", "##ab" and "Ab" have the same text; the two rows without a token do not.
    let groups = try #require(PairSelection.distinct.groups(of: tokenizer, below: 16))
    #expect(groups[6] == groups[7] && groups[7] == groups[8])
    #expect(Set(groups).count == 14 && groups[14] != groups[15])
  }

  @Test func namesRowsWithoutAToken() {
    #expect(tokenizer.rowLabel(9) == "abc" && tokenizer.rowLabel(14) == "[row 14, no token]")
  }
}
