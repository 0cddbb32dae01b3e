import Files
import Testing
import Tokenization

@Suite struct LoadingTests {
  static let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n##s\ncafé\ncafe\n"
  static let bytePairs: (vocabulary: String, merges: String) = {
    let tokens = bytes.map { String(Character($0)) } + ["<|endoftext|>", "fi", "lm", "film", "Ġfilm"]
    let members = tokens.enumerated().map { JSON.Member($1, .integer($0)) }
    return (JSON.object(members).serialized(), "#version: 0.2\nf i\nl m\nfi lm\nĠ film\n")
  }()
  /// GPT-2's byte alphabet in order of bytes.
  static let bytes: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).compactMap { (byte: UInt32) in
      if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next)
    }
  }()

  @Test func wordPieceFilesAlone() throws {
    let folder = try TemporaryFolder(["vocab.txt": Self.words])
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
    #expect(tokenizer.kind == .wordPiece)
    #expect(tokenizer.files == ["vocab.txt"])
    let special = tokenizer.specialTokens
    #expect([special.pad, special.unk, special.cls, special.sep, special.mask, special.bos] == [0, 1, 2, 3, 4, nil])
    let encoding = try tokenizer.encode("Café FILMS[MASK]")
    #expect(encoding.ids == [2, 8, 5, 6, 4, 3])
    #expect(encoding.tokens == ["[CLS]", "cafe", "film", "##s", "[MASK]", "[SEP]"])
    #expect(encoding.offsets == [0..<0, 0..<5, 6..<10, 10..<11, 11..<17, 0..<0])
    #expect(try tokenizer.encode("films", addSpecialTokens: false).ids == [5, 6])
    #expect(tokenizer.vocabularyCount == 9)
    #expect(tokenizer.vocabulary[7] == "café")
    #expect(tokenizer.id(of: "cafe\u{301}") == nil && tokenizer.id(of: "café") == 7)
    #expect(tokenizer.token(9) == nil && tokenizer.token(-1) == nil)
    #expect(tokenizer.decode([2, 5, 6, 7, 99, 3]) == "[CLS] films café [SEP]")
  }

  @Test func settingsChangeWordPiece() throws {
    let folder = try TemporaryFolder([
      "vocab.txt": Self.words.replacing("[MASK]", with: "<mask>"),
      "tokenizer_config.json": #"{"do_lower_case": false, "mask_token": "[never]"}"#,
      "special_tokens_map.json": #"{"mask_token": {"content": "<mask>", "lstrip": true}, "pad_token": null}"#,
      "added_tokens.json": #"{"movie": 9}"#,
    ])
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
    #expect(tokenizer.specialTokens.mask == 4)
    #expect(tokenizer.specialTokens.pad == nil)
    #expect(tokenizer.files == ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"])
    let encoding = try tokenizer.encode("café  <mask>amovieFILM", addSpecialTokens: false)
    #expect(encoding.ids == [7, 4, 1, 9, 1])
    #expect(encoding.offsets == [0..<5, 5..<13, 13..<14, 14..<19, 19..<23])
    #expect(tokenizer.vocabularyCount == 10)
  }

  /// A token that includes white space, and the white space as a token: both are found, as in the `tokenizers` package.
  @Test(arguments: [true, false])
  func overlappingAddedTokens(_ isNormalized: Bool) throws {
    let flags = #""special": false, "normalized": \#(isNormalized)"#
    let folder = try TemporaryFolder([
      "vocab.txt": Self.words,
      "tokenizer_config.json": """
      {"added_tokens_decoder": {"9": {"content": "a", "rstrip": true, \(flags)}, "10": {"content": " ", \(flags)}}}
      """,
    ])
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
    let encoding = try tokenizer.encode("a  film a ", addSpecialTokens: false)
    #expect(encoding.ids == [9, 10, 10, 5, 10, 9, 10])
    #expect(encoding.offsets == [0..<3, 1..<2, 2..<3, 3..<7, 7..<8, 8..<10, 9..<10])
  }

  @Test func bytePairFilesAlone() throws {
    let folder = try TemporaryFolder(["vocab.json": Self.bytePairs.vocabulary, "merges.txt": Self.bytePairs.merges])
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "gpt2")
    #expect(tokenizer.kind == .bytePairEncoding)
    #expect(tokenizer.specialTokens.eos == 256 && tokenizer.specialTokens.bos == 256)
    let encoding = try tokenizer.encode("film film<|endoftext|>é")
    #expect(encoding.tokens == ["film", "Ġfilm", "<|endoftext|>", "Ã", "©"])
    #expect(encoding.offsets == [0..<4, 4..<9, 9..<22, 22..<24, 22..<24])
    #expect(tokenizer.decode(encoding.ids) == "film film<|endoftext|>é")
    #expect(tokenizer.decode(Array(encoding.ids.dropLast())) == "film film<|endoftext|>\u{FFFD}")
  }

  @Test func display() throws {
    let pairs = try TemporaryFolder(["vocab.json": Self.bytePairs.vocabulary, "merges.txt": Self.bytePairs.merges])
    let gpt2 = try Tokenizer.load(directory: pairs.path, modelType: "gpt2")
    #expect(
      try ["Ġfilm", "Ċ", "Ã", "Ā", "<|endoftext|>"].map { gpt2.display(try #require(gpt2.id(of: $0))) }
        == ["␣film", "\\n", "\\xC3", "\\u{0}", "<|endoftext|>"])
    #expect(gpt2.display(9999) == "")
    let words = try TemporaryFolder(["vocab.txt": Self.words])
    #expect(try Tokenizer.load(directory: words.path, modelType: nil).display(6) == "##s")
    let unigram = try Fixture.tokenizer("unigram")
    #expect(unigram.display(try #require(unigram.id(of: "▁the"))) == "␣the")
  }

  @Test func truncatedText() throws {
    let folder = try TemporaryFolder(["vocab.txt": Self.words])
    let bert = try Tokenizer.load(directory: folder.path, modelType: "bert")
    #expect(try bert.encodeTruncated("film films", maxLength: 5) == ([2, 5, 5, 6, 3], false))
    #expect(try bert.encodeTruncated("film films", maxLength: 4) == ([2, 5, 5, 3], true))
    #expect(try bert.encodeTruncated("film films", maxLength: 2) == ([2, 3], true))
    #expect(try bert.encodeTruncated("", maxLength: 2) == ([2, 3], false))
    #expect(throws: TokenizationError.noRoom(maxLength: 1, specialTokenCount: 2)) {
      try bert.encodeTruncated("film", maxLength: 1)
    }
    let review = try #require(try Fixture.reviews().first)
    for name in ["gpt2", "unigram", "bert-base-uncased"] {
      let tokenizer = try Fixture.tokenizer(name)
      let all = try review.withUnsafeBytes { try tokenizer.encodeIDs($0) }
      let head = try review.withUnsafeBytes { try tokenizer.encodeTruncated($0, maxLength: 50) }
      #expect(head.truncated && head.ids.count == 50)
      #expect(head.ids == Array(all.prefix(50 - tokenizer.template.suffix.count)) + tokenizer.template.suffix)
    }
  }

  @Test func whichFilesWin() throws {
    let json = try Fixture.bytes(Fixture.path("json-bpe", "tokenizer.json"))
    let folder = try TemporaryFolder([
      "vocab.txt": Self.words, "vocab.json": Self.bytePairs.vocabulary, "merges.txt": Self.bytePairs.merges,
    ])
    #expect(try Tokenizer.load(directory: folder.path, modelType: "bert").kind == .wordPiece)
    #expect(try Tokenizer.load(directory: folder.path, modelType: "gpt2").kind == .bytePairEncoding)
    try folder.write("tokenizer.json", json)
    #expect(try Tokenizer.load(directory: folder.path, modelType: "bert").files == ["tokenizer.json"])
  }

  @Test func sentencePieceTemplates() throws {
    let model = try Fixture.bytes(Fixture.path("unigram", "spiece.model"))
    let folder = try TemporaryFolder(["spiece.model": model])
    let plain = try Tokenizer.load(directory: folder.path, modelType: nil)
    #expect(plain.kind == .sentencePiece)
    #expect(plain.template == Tokenizer.Template())
    let ids = try plain.encodeIDs("a film</s>")
    try folder.write("tokenizer_config.json", Array(#"{"tokenizer_class":"T5Tokenizer","eos_token":"</s>"}"#.utf8))
    let t5 = try Tokenizer.load(directory: folder.path, modelType: "gpt2")
    let eos = try #require(t5.specialTokens.eos)
    #expect(try t5.encodeIDs("a film</s>") == (try plain.encodeIDs("a film")) + [eos, eos])
    #expect(!ids.contains(eos))
    #expect(t5.decode(try t5.encodeIDs("a film</s>")) == "a film</s></s>")
  }

  @Test(arguments: [
    ("", "line 1", "an empty file"), ("[CLS]\n[SEP]\nfilm\n", "vocabulary", "unk_token"),
  ])
  func brokenVocabulary(_ text: String, location: String, part: String) throws {
    let folder = try TemporaryFolder(["vocab.txt": text])
    try expectMalformed(folder, file: "vocab.txt", location: location, part: part)
  }

  /// As transformers numbers them.
  @Test func rolesThatTheVocabularyLacksComeAfterIt() throws {
    let folder = try TemporaryFolder(["vocab.txt": "[UNK]\n[SEP]\nfilm\n"])
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
    #expect(try tokenizer.encodeIDs("film") == [4, 2, 1])
    #expect(tokenizer.specialTokens.pad == 3 && tokenizer.specialTokens.mask == 5)
  }

  @Test func invalidUTF8InAVocabulary() throws {
    let folder = try TemporaryFolder(["vocab.txt": Array(Self.words.utf8) + [0xFF, 0x0A]])
    try expectMalformed(folder, file: "vocab.txt", location: "line 10", part: "bad bytes")
  }

  @Test(arguments: [
    ("#version: 0.2\nf i\nf x\n", "line 3", "fx"), ("f i\nf\n", "line 2", "\"f\""), ("f i x\n", "line 1", "two tokens"),
    ("f i\nl m\nf i\n", "line 3", "line 1"), ("f i\n\nl m\n", "line 2", "an empty line"), ("f z\n", "line 1", "fz"),
  ])
  func brokenMerges(_ text: String, location: String, part: String) throws {
    let folder = try TemporaryFolder(["vocab.json": Self.bytePairs.vocabulary, "merges.txt": text])
    try expectMalformed(folder, file: "merges.txt", location: location, part: part)
  }

  @Test(arguments: [
    (#"{"a":0,"b":0}"#, "\"b\"", "\"a\""), (#"{"a":-1}"#, "\"a\"", "-1"), (#"{"a":2000000000}"#, "\"a\"", "2000000000"),
    (#"{"a":1.5}"#, "\"a\"", "1.5"),
  ])
  func brokenVocabularyJSON(_ text: String, location: String, part: String) throws {
    let folder = try TemporaryFolder(["vocab.json": text, "merges.txt": ""])
    try expectMalformed(folder, file: "vocab.json", location: location, part: part)
  }

  @Test func nothingThere() throws {
    let folder = try TemporaryFolder([String: String]())
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer.load(directory: folder.path, modelType: "bert")
    }
    #expect(error?.description.contains("vocab.txt") == true && error?.description.contains("spiece.model") == true)
    #expect(throws: FileError.self) {
      let folder = try TemporaryFolder(["vocab.json": "{", "merges.txt": ""])
      _ = try Tokenizer.load(directory: folder.path, modelType: nil)
    }
  }

  /// What would change ids and is not supported is refused by name.
  @Test(arguments: [
    ("json-bpe", #""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, "normalizer"),
    ("json-bpe", #""dropout":null"#, #""dropout":0.1"#, "dropout"),
    ("json-bpe", #""ignore_merges":false"#, #""ignore_merges":true"#, "ignore_merges"),
    ("json-bpe", #""byte_fallback":false"#, #""byte_fallback":true"#, "byte_fallback"),
    ("json-bpe", #""use_regex":true"#, #""use_regex":false"#, "pattern"),
    ("json-bpe", #""type":"BPE""#, #""type":"Unigram""#, "Unigram"),
    ("json-bpe", #""fuse_unk":false"#, #""fuse_unk":false,"new_option":1"#, "new_option"),
    ("json-wordpiece", #""type":"BertNormalizer""#, #""type":"Lowercase""#, "Lowercase"),
    ("json-wordpiece", #""type":"BertPreTokenizer""#, #""type":"Whitespace""#, "Whitespace"),
    ("json-wordpiece", #""type":"TemplateProcessing""#, #""type":"RobertaProcessing""#, "the key"),
    ("json-wordpiece", #""type":"TemplateProcessing""#, #""type":"OtherProcessing""#, "OtherProcessing"),
  ])
  func refusedByName(_ name: String, _ part: String, _ replacement: String, _ word: String) throws {
    let text = String(decoding: try Fixture.bytes(Fixture.path(name, "tokenizer.json")), as: UTF8.self)
    try #require(text.contains(part))
    let folder = try TemporaryFolder(["tokenizer.json": text.replacing(part, with: replacement)])
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer.load(directory: folder.path, modelType: nil)
    }
    guard case .unsupported(_, _, let found, _)? = error else {
      Issue.record("not refused as unsupported: \(String(describing: error))")
      return
    }
    #expect(found.contains(word))
  }

  private func expectMalformed(_ folder: TemporaryFolder, file: String, location: String, part: String) throws {
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer.load(directory: folder.path, modelType: nil)
    }
    guard case .malformed(let path, let place, let expected, let found)? = error else {
      Issue.record("not malformed: \(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("/" + file))
    #expect(place.contains(location))
    #expect((expected + " " + found).contains(part))
  }
}
