import Files
import TestSupport
import Testing

/// How the letters of a vocabulary say whether text was lower-cased for it.
@Suite struct FirstReleaseTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("{}", to: "bert_config.json")
  }

  @Test func isALayout() throws {
    #expect(FirstRelease(directory: folder.path) == nil, "no vocabulary")
    try folder.write("a\n", to: "vocab.txt")
    #expect(FirstRelease(directory: folder.path) != nil)
    try folder.write("{}", to: "config.json")
    #expect(FirstRelease(directory: folder.path) == nil, "a directory of Hugging Face")
  }

  /// Tokens in brackets do not count, nor letters without a lower case; others than ASCII's do.
  @Test(arguments: [
    (["[PAD]", "[UNK]", "[unused7]", "film", "##s", "日本", "é", "ß", "5"], 0), (["[CLS]", "Film", "film"], 1),
    (["[", "]", "##É", "Ж", "ǅ"], 3), (["[A", "B]"], 2),
  ]) func countsCapitals(_ tokens: [String], _ expected: Int) throws {
    for end in ["\n", "\r\n"] {
      try folder.write(tokens.map { $0 + end }.joined(), to: "vocab.txt")
      let letters = try #require(FirstRelease(directory: folder.path)).letterCase()
      #expect(letters == .init(capitalised: expected, tokens: tokens.count))
      #expect(letters.isLowercase == (expected == 0))
    }
  }

  /// One in a hundred is the bound.
  @Test(arguments: [(1, 100, false), (1, 101, true), (3, 300, false), (300, 30522, true), (306, 30522, false)])
  func aFewCapitalsAreWordsOfSomeone(_ capitalised: Int, _ tokens: Int, _ isLowercase: Bool) throws {
    #expect(FirstRelease.LetterCase(capitalised: capitalised, tokens: tokens).isLowercase == isLowercase)
  }
}
