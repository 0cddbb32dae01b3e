import Files
import Testing
import Tokenization

/// The effect of settings, against the ids that transformers gives for the same folders.
@Suite struct SettingsTests {
  /// A folder and the ids of a text.
  struct Case: CustomTestStringConvertible, Sendable {
    /// The fixture's file with the vocabulary.
    enum Base: Sendable { case bert, gpt2, gpt2JSON }

    let base: Base
    /// The settings files, by name.
    var settings: [String: String] = [:]
    /// What to replace in tokenizer.json.
    var replacing: (String, String)?
    let text: String
    let ids: [Int32]

    init(
      _ base: Base, _ config: String, map: String? = nil, added: String? = nil, replacing: (String, String)? = nil,
      _ text: String, _ ids: [Int32]
    ) {
      self.base = base
      self.settings["tokenizer_config.json"] = config
      self.settings["special_tokens_map.json"] = map
      self.settings["added_tokens.json"] = added
      self.replacing = replacing
      self.text = text
      self.ids = ids
    }

    var testDescription: String { "\(base) \(settings.values.joined(separator: " ")) \(text)" }

    func folder() throws -> TemporaryFolder {
      var files = settings.mapValues { Array($0.utf8) }
      switch base {
      case .bert: files["vocab.txt"] = try Fixture.bytes(Fixture.path("small", "vocab.txt"))
      case .gpt2:
        for name in ["vocab.json", "merges.txt"] { files[name] = try Fixture.bytes(Fixture.path("small", name)) }
      case .gpt2JSON:
        var text = String(decoding: try Fixture.bytes(Fixture.path("small", "tokenizer-gpt2.json")), as: UTF8.self)
        if let (part, replacement) = replacing {
          try #require(text.contains(part))
          text = text.replacing(part, with: replacement)
        }
        files["tokenizer.json"] = Array(text.utf8)
      }
      return try TemporaryFolder(files)
    }

    func tokenizer() throws -> Tokenizer {
      let folder = try folder()
      return try Tokenizer.load(directory: folder.path, modelType: base == .bert ? "bert" : "gpt2")
    }
  }

  static let prefixSpace = (
    #""add_prefix_space":false,"trim_offsets":true"#, #""add_prefix_space":true,"trim_offsets":true"#
  )
  static let mask = #"{"id":273,"#
  static let twoTokens = (
    #""special":true}]"#,
    #""special":true},{"id":274,"content":"<mask>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}]"#
  )

  static func decoder(_ flag: String) -> String {
    """
    {"tokenizer_class": "GPT2Tokenizer", "mask_token": "<mask>", "added_tokens_decoder": {"274": {"content": "<mask>",
    "single_word": false, "lstrip": \(flag == "lstrip"), "rstrip": \(flag == "rstrip"), "normalized": false,
    "special": true}}}
    """
  }

  static let cases: [Case] = [
    // Tokens around the text.
    Case(.gpt2, #"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true}"#, "hello world", [273, 259, 264]),
    Case(.gpt2, #"{"tokenizer_class": "GPT2Tokenizer", "add_eos_token": true}"#, "hello world", [259, 264, 273]),
    Case(.gpt2, #"{"add_bos_token": true, "add_eos_token": true}"#, "hello", [273, 259, 273]),
    Case(.gpt2, #"{"add_bos_token": false}"#, "hello world", [259, 264]),
    Case(.gpt2, #"{"add_bos_token": true, "bos_token": null}"#, "hello world", [259, 264]),
    Case(.gpt2JSON, #"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true}"#, "hello world", [259, 264]),
    // A space before the text.
    Case(.gpt2JSON, #"{"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": true}"#, "hello world", [32, 259, 264]),
    Case(.gpt2JSON, #"{"tokenizer_class": "GPT2Tokenizer"}"#, replacing: prefixSpace, "hello world", [259, 264]),
    Case(
      .gpt2JSON, #"{"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": false}"#, replacing: prefixSpace,
      "hello world", [259, 264]),
    Case(
      .gpt2JSON, #"{"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": true}"#, "hello world",
      [259, 264]
    ),
    Case(
      .gpt2JSON, #"{"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": false}"#, replacing: prefixSpace,
      "hello world", [32, 259, 264]),
    // Flags of added tokens.
    Case(.gpt2JSON, decoder("lstrip"), replacing: twoTokens, "hello <mask> world", [259, 274, 264]),
    Case(.gpt2JSON, decoder("rstrip"), replacing: twoTokens, "hello <mask> world", [259, 32, 274, 272]),
    Case(.gpt2, decoder("lstrip"), "hello <mask> world", [259, 274, 264]),
    Case(
      .gpt2, "{}", map: #"{"mask_token": {"content": "<mask>", "lstrip": true}}"#, added: #"{"<mask>": 274}"#,
      "hello <mask> world", [259, 32, 274, 264]),
    Case(
      .gpt2, "{}", map: #"{"mask_token": {"content": "<mask>", "lstrip": true}}"#, "hello <mask> world",
      [259, 274, 264]
    ),
    // Tokens that the vocabulary lacks.
    Case(
      .bert, #"{"additional_special_tokens": ["[E1]", "[/E1]"]}"#, "[E1] hello [/E1] film", [2, 146, 133, 147, 126, 3]),
    Case(.bert, "{}", map: #"{"additional_special_tokens": ["[E1]"]}"#, "a [E1] film", [2, 5, 146, 126, 3]),
    Case(
      .bert, "{}", map: #"{"additional_special_tokens": ["[E1]"]}"#, added: #"{"[E1]": 146}"#, "a [E1] film",
      [2, 5, 146, 126, 3]),
    Case(
      .gpt2, #"{"bos_token": "<|startoftext|>", "pad_token": "[PAD]", "additional_special_tokens": ["<|sep|>"]}"#,
      "<|startoftext|>hello<|sep|> world[PAD]", [274, 259, 276, 264, 275]),
    Case(.bert, "{}", added: #"{"[E1]": 500}"#, "a [E1] film", [2, 5, 146, 126, 3]),
    // Special tokens as text.
    Case(.bert, #"{"split_special_tokens": true}"#, "film [SEP] bad", [2, 126, 93, 23, 35, 46, 94, 129, 3]),
    Case(.bert, "{}", "film [SEP] bad", [2, 126, 3, 129, 3]),
    Case(
      .gpt2, #"{"split_special_tokens": true}"#, "hello<|endoftext|>",
      [259, 60, 124, 101, 110, 100, 111, 102, 116, 101, 120, 116, 124, 62]),
  ]

  @Test(arguments: cases)
  func ids(_ test: Case) throws {
    let tokenizer = try test.tokenizer()
    #expect(try tokenizer.encode(test.text).ids == test.ids)
    let bare = tokenizer.template.prefix.count..<(test.ids.count - tokenizer.template.suffix.count)
    #expect(try tokenizer.encode(test.text, addSpecialTokens: false).ids == Array(test.ids[bare]))
  }

  @Test func blankAndRepeatedLines() throws {
    let lines = String(decoding: try Fixture.bytes(Fixture.path("small", "vocab.txt")), as: UTF8.self)
    func ids(_ vocabulary: String, _ text: String) throws -> [Int32] {
      let folder = try TemporaryFolder(["vocab.txt": vocabulary])
      return try Tokenizer.load(directory: folder.path, modelType: "bert").encodeIDs(text)
    }
    #expect(try ids(lines, "hello the world") == [2, 133, 125, 134, 3])
    #expect(try ids(lines.replacing("\nhello\n", with: "\n\nhello\n"), "hello the world") == [2, 134, 125, 135, 3])
    #expect(try ids(lines + "\n", "hello the world") == [2, 133, 125, 134, 3])
    // Of two equal lines the last counts; trailing white space is not part of the token.
    #expect(try ids(lines + "hello \n", "hello the world") == [2, 146, 125, 134, 3])
    let folder = try TemporaryFolder(["vocab.txt": lines + "hello\n"])
    let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
    #expect(tokenizer.token(133) == nil && tokenizer.token(146) == "hello" && tokenizer.vocabularyCount == 147)
  }

  @Test func classesThatAreRefused() throws {
    for (file, name) in [
      ("tokenizer_config.json", "BertJapaneseTokenizer"), ("tokenizer_config.json", "XLMRobertaTokenizerFast"),
      ("config.json", "BertJapaneseTokenizer"),
    ] {
      let folder = try Case(.bert, "{}", "", []).folder()
      try folder.write(file, Array(#"{"tokenizer_class": "\#(name)"}"#.utf8))
      let error = #expect(throws: TokenizationError.self) {
        try Tokenizer.load(directory: folder.path, modelType: "bert")
      }
      #expect(error?.description.contains(name) == true && error?.description.contains("/\(file)") == true)
    }
  }

  @Test(arguments: [
    ("word_tokenizer_type", #""mecab""#), ("subword_tokenizer_type", #""character""#),
    ("auto_map", #"{"AutoTokenizer": ["a.b", null]}"#), ("fast_tokenizer_files", #"["tokenizer.4.0.0.json"]"#),
    ("init_inputs", #"["a"]"#),
  ])
  func valuesThatAreRefused(_ key: String, _ value: String) throws {
    #expect(throws: SettingsError.self) { try Case(.bert, "{\"\(key)\": \(value)}", "", []).tokenizer() }
    #expect(try Case(.bert, "{\"\(key)\": null}", "", []).tokenizer().warnings == [])
  }

  /// A key without effect gets one warning, which names it.
  @Test(arguments: [
    (Case(.bert, #"{"unheard_of": 1, "do_basic_tokenize": false}"#, "", []), ["unheard_of", "do_basic_tokenize"]),
    (Case(.bert, #"{"do_basic_tokenize": true, "never_split": null, "padding_side": "left"}"#, "", []), nil),
    (Case(.gpt2, #"{"do_lower_case": true}"#, "", []), ["do_lower_case", "GPT2Tokenizer"]),
    (Case(.bert, #"{"add_bos_token": true}"#, "", []), ["add_bos_token", "BertTokenizer"]),
    (Case(.bert, #"{"add_bos_token": false}"#, "", []), nil),
    (Case(.gpt2JSON, #"{"add_bos_token": true}"#, "", []), ["add_bos_token"]),
    (Case(.gpt2JSON, "{}", replacing: prefixSpace, "", []), ["add_prefix_space", "tokenizer.json"]),
    (Case(.bert, "{}", added: #"{"[E1]": 500}"#, "", []), ["[E1]", "500", "146"]),
    (
      Case(.bert, #"{"added_tokens_decoder": {}}"#, map: #"{"mask_token": "<m>"}"#, "", []),
      ["special_tokens_map.json", "mask_token"]
    ),
    (Case(.bert, "{}", map: #"{"unheard_of": 1}"#, "", []), ["special_tokens_map.json", "unheard_of"]),
  ])
  func warnings(_ test: Case, _ words: [String]?) throws {
    let warnings = try test.tokenizer().warnings
    #expect(warnings.count == (words == nil ? 0 : 1), "\(warnings)")
    for word in words ?? [] { #expect(warnings.first?.contains(word) == true, "\(warnings)") }
  }

  @Test func truncation() throws {
    let right = try Case(.bert, #"{"model_max_length": 4}"#, "", []).tokenizer()
    #expect(right.options.maxLength == 4)
    #expect(try right.encodeTruncated("hello the world", maxLength: 4) == ([2, 133, 125, 3], true))
    let left = try Case(.bert, #"{"truncation_side": "left", "model_max_length": 1e30}"#, "", []).tokenizer()
    #expect(left.options.maxLength == nil)
    #expect(try left.encodeTruncated("hello the world", maxLength: 4) == ([2, 125, 134, 3], true))
    #expect(try left.encodeTruncated("hello the world", maxLength: 5) == ([2, 133, 125, 134, 3], false))
    #expect(throws: FileError.self) { try Case(.bert, #"{"truncation_side": "middle"}"#, "", []).tokenizer() }
  }
}

/// Byte-level vocabularies that lack bytes.
@Suite struct ByteHoleTests {
  private static let merges = "#version: 0.2\nA C\nG T\nAC GT\n"

  private static func tokenizer(_ files: [String: String]) throws -> Tokenizer {
    let folder = try TemporaryFolder(files)
    return try Tokenizer.load(directory: folder.path, modelType: "gpt2")
  }

  @Test func bytesWithoutATokenAreLeftOut() throws {
    let tokenizer = try Self.tokenizer([
      "vocab.json": #"{"<|endoftext|>": 0, "A": 1, "C": 2, "G": 3, "T": 4, "AC": 5, "GT": 6, "ACGT": 7}"#,
      "merges.txt": Self.merges,
    ])
    #expect(try tokenizer.encode("ACGTACT").ids == [7, 5, 4])
    // As in the package, the neighbours of a byte that is left out become adjacent.
    let encoding = try tokenizer.encode("ACGNT<|endoftext|>NT")
    #expect(encoding.ids == [7, 0, 4])
    #expect(encoding.offsets == [0..<5, 5..<18, 19..<20])
    func dropped(_ text: String) throws -> [UInt8: Int] {
      try Array(text.utf8).withUnsafeBytes { try tokenizer.droppedBytes($0) }
    }
    #expect(
      try dropped("ACGNT<|endoftext|>NT x") == [UInt8(ascii: "N"): 2, UInt8(ascii: " "): 1, UInt8(ascii: "x"): 1])
    #expect(try dropped("ACGT") == [:])
  }

  @Test func withoutSpecialTokens() throws {
    let tokenizer = try Self.tokenizer([
      "vocab.json": #"{"A": 0, "C": 1, "G": 2, "T": 3, "AC": 4, "GT": 5, "ACGT": 6}"#, "merges.txt": Self.merges,
      "tokenizer_config.json": #"{"unk_token": null, "bos_token": null, "eos_token": null}"#,
    ])
    #expect(try tokenizer.encode("ACGTACT").ids == [6, 4, 3])
    #expect(tokenizer.specialTokens == Tokenizer.SpecialTokens())
  }

  /// tokenizer.json may name a token for such bytes.
  @Test(arguments: [(false, [5, 0, 0, 4, 0]), (true, [5, 0, 4, 0])] as [(Bool, [Int32])])
  func unknownToken(_ isFused: Bool, _ ids: [Int32]) throws {
    let tokenizer = try Self.tokenizer([
      "tokenizer_config.json": #"{"tokenizer_class": "PreTrainedTokenizerFast"}"#,
      "tokenizer.json": """
      {"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
      "model": {"type": "BPE", "unk_token": "?", "fuse_unk": \(isFused), "vocab": {"?": 0, "A": 1, "C": 2, "G": 3,
      "T": 4, "AC": 5}, "merges": [["A", "C"]]}}
      """,
    ])
    let encoding = try tokenizer.encode("ACNNTN")
    #expect(encoding.ids == ids)
    #expect(encoding.offsets.first == 0..<2 && encoding.offsets.last == 5..<6)
    #expect(try Array("ACNN".utf8).withUnsafeBytes { try tokenizer.droppedBytes($0) } == [:])
  }
}
