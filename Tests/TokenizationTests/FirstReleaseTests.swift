import Testing
import Tokenization

/// BERT's first releases: no file says whether text is lower-cased, so the vocabulary decides.
@Suite struct FirstReleaseTests {
  private static let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "Film", "café", "cafe"]

  private static func folder(_ words: [String], _ more: [String: String] = [:]) throws -> TemporaryFolder {
    try TemporaryFolder(
      ["vocab.txt": words.map { $0 + "\n" }.joined(), "bert_config.json": "{}"].merging(more) { $1 })
  }

  private static func ids(_ folder: TemporaryFolder) throws -> (ids: [Int32], warnings: [String]) {
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
    return (try tokenizer.encodeIDs("Film café", addSpecialTokens: false), tokenizer.warnings)
  }

  @Test func capitalsAreKept() throws {
    let (ids, warnings) = try Self.ids(Self.folder(Self.words))
    #expect(ids == [6, 7])
    try #require(warnings.count == 1)
    #expect(
      warnings[0].hasSuffix(
        "/vocab.txt: no file says do_lower_case, and 1 of 9 tokens have capital letters; text is not lower-cased, "
          + "unless tokenizer_config.json says otherwise"))
  }

  @Test func aVocabularyWithoutCapitalsIsOfLowerCasedText() throws {
    let (ids, warnings) = try Self.ids(Self.folder(Self.words.map { $0 == "Film" ? "[unused1]" : $0 }))
    #expect(ids == [5, 8] && warnings == [])
  }

  @Test func aFewCapitalsDecideNothing() throws {
    let (ids, warnings) = try Self.ids(Self.folder(Self.words + (0..<100).map { "word\($0)" }))
    #expect(ids == [5, 8])
    #expect(
      warnings.count == 1
        && warnings.allSatisfy { $0.contains("1 of 109 tokens have capital letters; text is lower-cased") })
  }

  /// Where a file decides, or the directory is Hugging Face's, all is as in transformers.
  @Test func filesComeFirst() throws {
    let told = try Self.folder(Self.words, ["tokenizer_config.json": #"{"do_lower_case": true}"#])
    #expect(try Self.ids(told) == ([5, 8], []))
    let kept = try Self.folder(Self.words, ["tokenizer_config.json": #"{"do_lower_case": false}"#])
    #expect(try Self.ids(kept) == ([6, 7], []))
    let silent = try Self.folder(Self.words, ["tokenizer_config.json": #"{"strip_accents": true}"#])
    #expect(try Self.ids(silent).ids == [6, 8])
    let huggingFace = try Self.folder(Self.words, ["config.json": #"{"model_type": "bert"}"#])
    #expect(try Self.ids(huggingFace) == ([5, 8], []))
  }
}
