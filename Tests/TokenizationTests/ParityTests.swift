import Files
import Testing
import Tokenization

/// Ids, tokens and offsets against those the `tokenizers` and `sentencepiece` packages gave for the same files
/// (evaluation/tokenizer_fixtures.py).
@Suite struct ParityTests {
  @Test(arguments: [
    "bert-base-uncased", "gpt2", "characters-uncased", "characters-cased", "characters-accents", "characters-stripped",
    "json-wordpiece", "json-raw", "json-bpe", "json-prefix", "json-trimmed", "json-prefix-trimmed", "prefix", "unigram",
    "bpe", "roberta", "roberta-json", "roberta-json-prefix", "roberta-json-untrimmed", "wordpiece-cased",
  ])
  func tortureList(_ name: String) throws {
    let tokenizer = try Fixture.tokenizer(name)
    let expected = try JSONNode.read(Fixture.path(name, "expected.json")).array()
    let cases = try Fixture.tortureCases()
    try #require(cases.count == expected.count && cases.count > 100)
    for (index, (text, expected)) in zip(cases, expected).enumerated() {
      let encoding = try tokenizer.encode(text)
      let label = "case \(index) \(String(decoding: text.prefix(80), as: UTF8.self))"
      #expect(encoding.ids.map { Int($0) } == (try Fixture.integers(expected["ids"])), "\(label)")
      let tokens = try expected["tokens"].array().map { ExactKey(try $0.string()) }
      #expect(encoding.tokens.map { ExactKey($0) } == tokens, "\(label)")
      let offsets = try expected["offsets"].array().map { try Fixture.integers($0) }
      #expect(encoding.offsets.map { [$0.lowerBound, $0.upperBound] } == offsets, "\(label)")
      #expect(try text.withUnsafeBytes { try tokenizer.encodeIDs($0) } == encoding.ids, "\(label)")
    }
  }

  @Test(arguments: [
    "bert-base-uncased", "gpt2", "unigram", "bpe", "json-prefix-trimmed", "imdb-bert-1", "imdb-gpt2-narrow",
    "roberta", "roberta-json", "roberta-json-prefix", "roberta-json-untrimmed", "wordpiece-cased",
  ])
  func reviews(_ name: String) throws {
    let tokenizer = try Fixture.tokenizer(name)
    let expected = try JSONNode.read(Fixture.path("reviews.json"))[name].array().map { try $0.string() }
    let reviews = try Fixture.reviews()
    try #require(reviews.count == 40 && expected.count == 40)
    for (index, (review, expected)) in zip(reviews, expected).enumerated() {
      #expect(try Self.digest(tokenizer.encode(Array(review))) == expected, "review \(index)")
    }
  }

  /// The 3,000 reviews of evaluation/imdb, in hundreds.
  @Test(arguments: [
    "bert-base-uncased", "gpt2", "wordpiece-cased", "roberta", "roberta-json", "roberta-json-prefix",
    "roberta-json-untrimmed",
  ]) func embeddedReviews(_ name: String) throws {
    let tokenizer = try Fixture.tokenizer(name)
    let expected = try JSONNode.read(Fixture.path("embedded.json"))[name].array().map { try $0.string() }
    let reviews = try Fixture.embeddedReviews()
    try #require(reviews.count == 3000 && expected.count == 30)
    for (index, expected) in expected.enumerated() {
      let digests = try reviews[100 * index..<100 * (index + 1)].map { try Self.digest(tokenizer.encode($0)) }
      #expect(try Self.digest(digests.joined(separator: " ")) == expected, "reviews from \(100 * index)")
    }
  }

  private static func digest(_ encoding: Encoding) throws -> String {
    try digest(
      zip(encoding.ids, encoding.offsets).map { "\($0):\($1.lowerBound)-\($1.upperBound)" }.joined(separator: " "))
  }

  /// The first 16 digits of the SHA-256 of a text.
  private static func digest(_ text: String) throws -> String {
    let digest = Digest()
    digest.update(text)
    return String(try digest.finish().prefix(16))
  }

  /// 10 MB of letters without a space: the same ids, in time that grows no faster than n log n.
  @Test(arguments: ["bert-base-uncased", "gpt2", "unigram", "bpe"])
  func longWord(_ name: String) throws {
    var state: UInt64 = 1
    let text = (0..<10_000_000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(97 + (state >> 33) % 26)
    }
    let tokenizer = try Fixture.tokenizer(name)
    let ids = try text.withUnsafeBytes { try tokenizer.encodeIDs($0) }
    let expected = try JSONNode.read(Fixture.path("long.json"))[name]
    let compared = try expected["compared"].int()
    #expect(compared == ids.count || name == "unigram" && ids.count > compared)
    let digest = Digest()
    digest.update(ids.prefix(compared).map(String.init).joined(separator: " "))
    #expect(try digest.finish().prefix(16) == (try expected["digest"].string()))
    if name != "bert-base-uncased" { #expect(tokenizer.decode(ids).utf8.elementsEqual(text)) }
  }
}
