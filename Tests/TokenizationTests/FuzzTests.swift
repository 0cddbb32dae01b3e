import Files
import Testing
import Tokenization

/// Damaged files: loading may throw, what loads must tokenize, nothing may trap.
@Suite struct FuzzTests {
  /// SplitMix64 (Steele et al. 2014).
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return z ^ z >> 31
    }
  }

  private static let words = [
    "\n", "\"", "{", "}", "[", "]", ":", ",", " ", "null", "true", "-1", "4294967296", "99999999999999999999", "[UNK]",
    "##",
    "\u{0}", "é", "e\u{301}", "Ġ", "\\u0000", "\\ud800", "\"id\"", "\"vocab\"", "\"type\"", "\u{FFFD}",
  ].map { Array($0.utf8) }

  private static func mutate(_ bytes: [UInt8], _ generator: inout Generator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...Int.random(in: 0..<4, using: &generator) {
      let position = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(bytes.count, position + Int.random(in: 0..<40, using: &generator))
      switch Int.random(in: 0..<7, using: &generator) {
      case 0 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &generator)
      case 1 where position < bytes.count: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes.removeSubrange(position..<end)
      case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
      case 4: bytes.insert(contentsOf: words[Int.random(in: 0..<words.count, using: &generator)], at: position)
      case 5: bytes.replaceSubrange(position..<end, with: words[Int.random(in: 0..<words.count, using: &generator)])
      default: if position > bytes.count / 2 { bytes.removeSubrange(position...) }
      }
    }
    return bytes
  }

  @Test(arguments: [
    ("words", "vocab.txt", 1500), ("words", "tokenizer_config.json", 1000), ("words", "special_tokens_map.json", 500),
    ("words", "added_tokens.json", 500), ("pairs", "vocab.json", 1000), ("pairs", "merges.txt", 1500),
    ("json-wordpiece", "tokenizer.json", 400), ("json-prefix", "tokenizer.json", 400), ("unigram", "spiece.model", 600),
    ("bpe", "spiece.model", 600),
  ])
  func damagedFiles(_ name: String, _ file: String, count: Int) throws {
    let original = try Self.files(name)
    let folder = try TemporaryFolder(original)
    let intact = try Tokenizer.load(directory: folder.path, modelType: nil)
    let texts = [
      "Films and café [MASK] <|endoftext|> 中文 e\u{301}\u{316} don't\n\n 12", "\u{0}\u{FFFD} \u{1F600} newword<b> x",
    ]
    var generator = Generator(state: UInt64(count) &+ UInt64(file.utf8.count) << 32 &+ UInt64(name.utf8.count) << 40)
    var loaded = 0
    for _ in 0..<count {
      try folder.write(file, Self.mutate(try #require(original[file]), &generator))
      let tokenizer: Tokenizer
      do {
        tokenizer = try Tokenizer.load(directory: folder.path, modelType: nil)
      } catch {
        #expect(error is TokenizationError || error is FileError, "\(error)")
        continue
      }
      loaded += 1
      for text in texts {
        do {
          let encoding = try tokenizer.encode(text)
          #expect(encoding.ids.allSatisfy { tokenizer.token($0) != nil })
          #expect(encoding.offsets.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= text.utf8.count })
          _ = tokenizer.decode(encoding.ids)
        } catch { #expect(error is TokenizationError, "\(error)") }
      }
    }
    // The mutations must be neither harmless nor all fatal, or they would test nothing.
    #expect(loaded > 0 && loaded < count, "\(loaded) of \(count) loaded")
    #expect(intact.vocabularyCount > 0)
  }

  private static func files(_ name: String) throws -> [String: [UInt8]] {
    switch name {
    case "words":
      return [
        "vocab.txt": LoadingTests.words,
        "tokenizer_config.json": """
        {"do_lower_case": true, "strip_accents": null, "mask_token": {"content": "[MASK]", "lstrip": true}, \
        "added_tokens_decoder": {"4": {"content": "[MASK]", "special": true}}, "additional_special_tokens": ["film"]}
        """,
        "special_tokens_map.json": #"{"unk_token": "[UNK]", "pad_token": {"content": "[PAD]", "normalized": true}}"#,
        "added_tokens.json": #"{"movie": 9, "newword": 10}"#,
      ].mapValues { Array($0.utf8) }
    case "pairs":
      return ["vocab.json": LoadingTests.bytePairs.vocabulary, "merges.txt": LoadingTests.bytePairs.merges].mapValues {
        Array($0.utf8)
      }
    default:
      let file = name.hasPrefix("json-") ? "tokenizer.json" : "spiece.model"
      return [file: try Fixture.bytes(Fixture.path(name, file))]
    }
  }
}
