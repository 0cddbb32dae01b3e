import Files
import TestSupport
import Testing
import Tokenization

/// Tokens match by their exact strings, whatever their ids.
@Suite struct SharedVocabularyTests {
  private let folder: TestSupport.TemporaryFolder

  init() throws { folder = try TestSupport.TemporaryFolder() }

  private static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  private func tokenizer(_ words: [String], _ name: String) throws -> Tokenizer {
    try folder.write((Self.special + words).joined(separator: "\n") + "\n", to: name + "/vocab.txt")
    return try Tokenizer.load(directory: folder.path(name), modelType: "bert")
  }

  private func shared(
    _ a: [String], _ b: [String], rowsA: Int? = nil, rowsB: Int? = nil, partial: Bool = false
  ) throws -> SharedVocabulary {
    try SharedVocabulary(
      tokenizer(a, "a"), rows: rowsA ?? a.count + 5, tokenizer(b, "b"), rows: rowsB ?? b.count + 5,
      allowsPartial: partial)
  }

  private func pairs(_ shared: SharedVocabulary) -> [[Int]] { shared.rows.map { [$0.a, $0.b] } }

  @Test func equalVocabulariesPairEveryRowWithItself() throws {
    let shared = try shared(["good", "bad"], ["good", "bad"])
    #expect(shared.isWhole)
    #expect(pairs(shared) == (0..<7).map { [$0, $0] })
    #expect(pairs(shared) == pairs(SharedVocabulary(count: 7)))
  }

  @Test func theFirstDifferenceIsNamed() throws {
    #expect(
      throws: TokenizationError.differentVocabularies(id: 6, first: "\"bad\"", second: "\"ill\"", common: 7)
    ) { try shared(["good", "bad", "film"], ["good", "ill", "film"]) }
    // One list may end before the other.
    #expect(
      throws: TokenizationError.differentVocabularies(id: 6, first: "no token", second: "\"bad\"", common: 6)
    ) { try shared(["good"], ["good", "bad"]) }
  }

  @Test func commonTokensMeetInTheOrderOfTheFirstModel() throws {
    let shared = try shared(["good", "bad", "film"], ["film", "cast", "good"], partial: true)
    #expect(!shared.isWhole)
    #expect(pairs(shared) == (0..<5).map { [$0, $0] } + [[5, 7], [7, 5]])
  }

  /// An embedding may be padded past the vocabulary with rows without a token.
  @Test func rowsWithoutATokenAreLeftOut() throws {
    let padded = try shared(["good", "bad"], ["good", "bad"], rowsA: 64, rowsB: 16)
    #expect(padded.isWhole && padded.rows.count == 7)
    // And a token without a row cannot be used.
    let cut = try shared(["good", "bad"], ["good", "bad"], rowsA: 7, rowsB: 6, partial: true)
    #expect(pairs(cut) == (0..<6).map { [$0, $0] })
    #expect(throws: TokenizationError.self) { try shared(["good", "bad"], ["good", "bad"], rowsA: 7, rowsB: 6) }
  }

  /// "é" as one scalar and as two are equal Swift strings, yet different tokens.
  @Test func tokensAreComparedByTheirBytes() throws {
    #expect(throws: TokenizationError.self) { try shared(["caf\u{E9}"], ["cafe\u{301}"]) }
    #expect(try shared(["caf\u{E9}"], ["cafe\u{301}"], partial: true).rows.count == 5)
  }

  @Test func nothingInCommonIsRefused() throws {
    // B's embedding has only the first row, so only "x" can be used.
    try folder.write((["x"] + Self.special).joined(separator: "\n") + "\n", to: "b/vocab.txt")
    let (a, b) = (try tokenizer(["good"], "a"), try Tokenizer.load(directory: folder.path("b"), modelType: "bert"))
    #expect(throws: TokenizationError.nothingInCommon) {
      try SharedVocabulary(a, rows: 6, b, rows: 1, allowsPartial: true)
    }
  }
}
