import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct ClassifyTests {
  private static let model = "imdb-bert-1-sentiment"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [ClassifyTests.model, "imdb-gpt2-narrow-sentiment"])
  func scoresAsForwardDoes(_ model: String) throws {
    let text = "a waste of two hours, but what a cast"
    let result = try GraftProcess.run("classify", model, "--text", text, "--json").json()
    let first = try #require(try result["results"].array().first)
    let logits = try first["logits"].doubles()
    _ = try GraftProcess.run("forward", model, "--text", text, "-o", folder.path("states"))
    let expected = try SafetensorsFile(folder.path("states")).doubles("classifier_logits").values
    expectCloseToLargest(logits, expected, fraction: 2e-5, "logits")
    let weights = logits.map { exp($0) }
    expectClose(
      try first["probabilities"].doubles(), weights.map { $0 / weights.reduce(0, +) }, absolute: 1e-7, relative: 0,
      "probabilities")
    #expect(try first["predicted"].int() == (logits[1] > logits[0] ? 1 : 0))
    #expect(try first["label"].string() == result["labels"].strings()[first["predicted"].int()])
  }

  @Test func tellsPraiseFromBlame() throws {
    let run = try GraftProcess.run(
      "classify", Self.model, "--text", "a waste of two hours", "--text", "simply wonderful", "--json")
    #expect(try run.json()["results"].array().map { try $0["predicted"].int() } == [0, 1])
  }

  /// In whatever company a text is read, its scores differ by rounding only.
  @Test func doesNotDependOnTheBatch() throws {
    let texts = (0..<90).map { "film number \($0) was " + String(repeating: $0 % 2 == 0 ? "bad " : "good ", count: $0) }
    let file = try folder.write(texts.joined(separator: "\n"), to: "texts")
    func logits(_ options: String...) throws -> [[Double]] {
      try GraftProcess.run(["classify", Self.model, "--json"] + options).json()["results"].array()
        .map { try $0["logits"].doubles() }
    }
    let together = try logits("--file", file)
    let oneThread = try logits("--file", file, "-t", "1")
    try #require(together.count == texts.count)
    for index in [0, 41, 89] {
      let alone = try logits("--text", texts[index])
      expectCloseToLargest(together[index], alone[0], fraction: 2e-5, "text \(index)")
      expectCloseToLargest(oneThread[index], alone[0], fraction: 2e-5, "text \(index), one thread")
    }
  }

  @Test func keepsTheHeadOfALongText() throws {
    let text = "good film " + String(repeating: "bad plot ", count: 2500)
    let result = try GraftProcess.run("classify", Self.model, "--text", text, "--json").json()
    let first = try #require(try result["results"].array().first)
    #expect(try first["tokens"].int() == 512)
    #expect(try first["truncated"].bool())
    let head = try GraftProcess.run("classify", Self.model, "--text", text, "--max-length", "4", "--json").json()
    let alone = try GraftProcess.run("classify", Self.model, "--text", "good film", "--json").json()
    #expect(try head["results"].item(0)["logits"].doubles() == alone["results"].item(0)["logits"].doubles())
    #expect(try alone["results"].item(0)["truncated"].bool() == false)
    #expect(try GraftProcess.run("classify", Self.model, "--text", text).output.contains("512, truncated"))
  }

  /// The model's own config.json asks for `br`.
  @Test func cleansTextsAsTheModelAsks() throws {
    func logits(_ text: String, _ options: String...) throws -> [Double] {
      try GraftProcess.run(["classify", Self.model, "--json", "--text", text] + options).json()["results"]
        .item(0)["logits"].doubles()
    }
    let marked = "good film<br /><br />bad plot"
    let cleaned = try logits("good film\n\nbad plot", "--text-cleaning", "none")
    #expect(try logits(marked) == cleaned)
    #expect(try logits(marked, "--text-cleaning", "br") == cleaned)
    #expect(try logits(marked, "--text-cleaning", "none") != cleaned)
  }

  @Test func readsTheEmptyTextWhereTheModelAddsTokens() throws {
    let bert = try GraftProcess.run("classify", Self.model, "--text", "", "--json").json()
    #expect(try bert["results"].item(0)["tokens"].int() == 2)
    let gpt2 = try GraftProcess.run(
      ["classify", "imdb-gpt2-narrow-sentiment"], input: Array("good\n\nbad\n".utf8))
    #expect(gpt2.status == 1)
    #expect(gpt2.error.contains("standard input, line 2: the text has no token"))
    #expect(gpt2.output.isEmpty)
  }
}
