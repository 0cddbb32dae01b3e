import Files
import Testing
import Tokenization

/// RobertaTokenizer's files and settings; ids and offsets are those of `ParityTests`.
@Suite struct RobertaTests {
  private static func file(_ folder: String, _ name: String) throws -> [UInt8] {
    try Fixture.bytes(Fixture.path(folder, name))
  }

  private static func plain(_ more: [String: String] = [:]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder(more)
    for name in ["vocab.json", "merges.txt"] { try folder.write(name, try file("roberta", name)) }
    return folder
  }

  /// The class of a RoBERTa without tokenizer_config.json: special tokens by their usual names, no flags.
  @Test func filesAlone() throws {
    let folder = try Self.plain()
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "roberta")
    #expect(tokenizer.kind == .bytePairEncoding && tokenizer.options.className == "RobertaTokenizer")
    #expect(tokenizer.files == ["vocab.json", "merges.txt"] && tokenizer.warnings == [])
    let special = tokenizer.specialTokens
    let roles = [special.bos, special.pad, special.eos, special.unk, special.mask, special.cls, special.sep]
    #expect(roles == [0, 1, 2, 3, 700, 0, 2])
    #expect(tokenizer.template == Tokenizer.Template(prefix: [0], suffix: [2]))
    let encoding = try tokenizer.encode("a <mask> b")
    #expect(encoding.tokens == ["<s>", "a", "Ġ", "<mask>", "Ġb", "</s>"])
    #expect(encoding.offsets == [0..<0, 0..<1, 2..<2, 2..<8, 9..<10, 0..<0])
    let flagged = try Fixture.tokenizer("roberta")
    #expect(try flagged.encode("a <mask> b").tokens == ["<s>", "a", "<mask>", "Ġb", "</s>"])
    #expect(try flagged.encodeTruncated("a b a b", maxLength: 4).ids.count == 4)
    #expect(try flagged.encodeTruncated("a b a b", maxLength: 4).ids.last == 2)
  }

  /// `<mask>` takes the spaces before it, and trimmed offsets leave them out again.
  @Test func masksTakeTheSpacesBeforeThem() throws {
    let cases = try JSONNode.read(Fixture.path("roberta-masks.json")).array()
    try #require(cases.count == 6)
    for test in cases {
      let text = try test["text"].string()
      let names = try test["expected"].members().map(\.key)
      try #require(names.count == 4)
      for name in names {
        let (encoding, expected) = (try Fixture.tokenizer(name).encode(text), test["expected"][name])
        #expect(encoding.ids.map { Int($0) } == (try Fixture.integers(expected["ids"])), "\(name): \(text)")
        let offsets = try expected["offsets"].array().map { try Fixture.integers($0) }
        #expect(encoding.offsets.map { [$0.lowerBound, $0.upperBound] } == offsets, "\(name): \(text)")
      }
    }
  }

  /// A tokenizer.json for the class: its vocabulary, merges and flags, not its pre-tokenizer and post-processor.
  @Test func theClassBuildsItsOwn() throws {
    let own = try TemporaryFolder(["tokenizer.json": try Self.file("roberta-json-prefix", "tokenizer.json")])
    let followed = try Tokenizer.load(directory: own.path, modelType: nil)
    #expect(followed.options.className == "PreTrainedTokenizerFast")
    let tokenizer = try Tokenizer.load(directory: own.path, modelType: "roberta")
    #expect(tokenizer.options.className == "RobertaTokenizer")
    let (text, reference) = ("film <mask>", try Fixture.tokenizer("roberta"))
    #expect(try tokenizer.encodeIDs(text) == (try reference.encodeIDs(text)))
    #expect(try tokenizer.encodeIDs(text) != (try followed.encodeIDs(text)))
    #expect(tokenizer.warnings.count == 1)
    #expect(tokenizer.warnings[0].contains("(pre_tokenizer.add_prefix_space): true is not read by RobertaTokenizer"))
    try own.write("tokenizer_config.json", Array(#"{"add_prefix_space": true}"#.utf8))
    let prefixed = try Tokenizer.load(directory: own.path, modelType: "roberta")
    #expect(try prefixed.encode(text).offsets == (try followed.encode(text).offsets))
    #expect(try prefixed.encodeIDs(text) == (try followed.encodeIDs(text)) && prefixed.warnings == [])
    try own.write("tokenizer_config.json", Array(#"{"add_prefix_space": true, "trim_offsets": false}"#.utf8))
    let untrimmed = try Fixture.tokenizer("roberta-json-untrimmed")
    #expect(
      try Tokenizer.load(directory: own.path, modelType: "roberta").encode("a film").offsets
        == (try untrimmed.encode("a film").offsets))
  }

  /// Another token in the role of `<s>` goes before a text, and a note says that tokenizer.json has a different one.
  @Test func otherTokensAroundAText() throws {
    let folder = try TemporaryFolder(["tokenizer.json": try Self.file("roberta-json", "tokenizer.json")])
    try folder.write("tokenizer_config.json", Array(#"{"cls_token": "<unk>"}"#.utf8))
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "roberta")
    #expect(try tokenizer.encodeIDs("") == [3, 2])
    #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains("<unk> and </s> go around a text"))
    try folder.write("tokenizer_config.json", Array(#"{"add_bos_token": true}"#.utf8))
    let bos = try Tokenizer.load(directory: folder.path, modelType: "roberta")
    #expect(try bos.encodeIDs("") == [0, 2] && bos.warnings.count == 1)
    try folder.write("tokenizer_config.json", Array(#"{"cls_token": null}"#.utf8))
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer.load(directory: folder.path, modelType: "roberta")
    }
    #expect(error?.description.contains("expected the token a cls_token") == true)
  }

  @Test func otherFilesAndClasses() throws {
    let words = try TemporaryFolder(["vocab.txt": LoadingTests.words])
    #expect(try Tokenizer.load(directory: words.path, modelType: "distilbert").encodeIDs("FILM") == [2, 5, 3])
    #expect(try Tokenizer.load(directory: words.path, modelType: "roberta").kind == .wordPiece)
    let pieces = try TemporaryFolder(["spiece.model": try Self.file("unigram", "spiece.model")])
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer.load(directory: pieces.path, modelType: "roberta")
    }
    #expect(error?.description.contains("a model for RobertaTokenizer, whose ids it does not tell") == true)
    for name in ["XLMRobertaTokenizer", "CamembertTokenizer"] {
      let folder = try Self.plain(["tokenizer_config.json": "{\"tokenizer_class\": \"\(name)\"}"])
      #expect(throws: TokenizationError.self) { try Tokenizer.load(directory: folder.path, modelType: "roberta") }
    }
    let broken = try TemporaryFolder([
      "tokenizer.json": String(decoding: try Self.file("roberta-json", "tokenizer.json"), as: UTF8.self)
        .replacing(#""add_prefix_space":false},"decoder""#, with: #""extra":1},"decoder""#)
    ])
    #expect(throws: TokenizationError.self) { try Tokenizer.load(directory: broken.path, modelType: nil) }
  }
}
