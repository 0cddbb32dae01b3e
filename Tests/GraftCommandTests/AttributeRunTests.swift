import Files
import Foundation
import TestSupport
import Testing

/// `graft attribute` over a dataset into a folder, and over texts that are too long for a picture.
@Suite struct AttributeRunTests {
  private let folder: TemporaryFolder
  private static let attribute = [
    "attribute", "imdb-bert-1", "--dataset", ShortRun.reviews, "--limit", "24", "--max-length", "40", "--probes", "16",
    "-t", "2",
  ]

  init() throws { folder = try TemporaryFolder() }

  @Test func theFolderHoldsWhatIsPrinted() throws {
    let path = folder.path("run")
    let run = try GraftProcess.run(Self.attribute + ["-o", path, "--json"])
    #expect(run.status == 0, "\(run.error)")
    #expect(try GraftProcess.run(Self.attribute + ["--json"]).output == run.output)
    #expect(try String(contentsOfFile: path + "/results.json", encoding: .utf8) == run.output)
    #expect(try ShortRun.contents(path).keys.sorted() == ["report.html", "results.json", "run.json", "texts.jsonl"])
    #expect(try String(contentsOfFile: path + "/report.html", encoding: .utf8).contains("By distance"))
    let result = try run.json()
    let lines = try ShortRun.lines(path + "/texts.jsonl")
    #expect(lines.count == 24 && result["reviews"].value == 24)
    // The means follow from the lines.
    let level = try result["levels"].item(3)
    let own = try lines.flatMap { try $0["levels"].item(3)["own"].doubles() }
    #expect(try level["tokens"].int() == own.count)
    let others = try lines.reduce(0) { try $0 + $1["levels"].item(3)["others_largest"].int() }
    #expect(try level["others_largest"].double() == Double(others) / Double(own.count))
    let before = try lines.map { try $0["levels"].item(3)["distances"].item(10) }
    let sum = try before.reduce(0) { try $0 + $1["sum"].double() }
    let count = try before.reduce(0) { try $0 + $1["count"].int() }
    #expect(count == own.count - 24)
    #expect(try level["by_distance"].item(9).double() == sum / Double(count))
    // Once more, from the folder alone.
    let again = try GraftProcess.run(Self.attribute + ["-o", path, "--resume", "--json"])
    #expect(again.output == run.output)
    #expect(try GraftProcess.run(Self.attribute + ["-o", path]).error.contains("--resume"))
  }

  /// Killed again and again, it ends with the bytes of a run that never was.
  @Test func killedAndResumedGivesTheSameBytes() throws {
    let (whole, parts) = (folder.path("whole"), folder.path("parts"))
    #expect(try GraftProcess.run(Self.attribute + ["-o", whole]).status == 0)
    let line = try ShortRun.contents(whole)["texts.jsonl"].map { $0.count / 24 } ?? 0
    for texts in [0, 7, 15] {
      try ShortRun.runAndKill(
        Self.attribute + ["-o", parts, "--resume"], folder: parts, afterBytes: texts * line)
      #expect(FileManager.default.fileExists(atPath: parts + "/journal"), "killed before its end")
    }
    let run = try GraftProcess.run(Self.attribute + ["-o", parts, "--resume"])
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("written: "))
    #expect(try ShortRun.contents(parts) == ShortRun.contents(whole))
  }

  @Test(arguments: [
    (["--probes", "17"], "probes"), (["--seed", "43"], "seed"), (["--exact"], "exact"),
    (["--max-length", "41"], "max_length"),
    (["--limit", "23"], "limit"), (["--definition", "ones"], "definition"),
  ])
  func anotherSettingIsRefusedByName(_ arguments: [String], _ name: String) throws {
    let path = folder.path("run")
    try ShortRun.runAndKill(Self.attribute + ["-o", path], folder: path, afterBytes: 0)
    let before = try ShortRun.contents(path)
    // What is given in its place, or would do nothing beside it.
    let replaced = [arguments[0], ["--exact", "--definition"].contains(arguments[0]) ? "--probes" : ""]
    let own = Self.attribute.enumerated().filter { index, word in
      !replaced.contains(word) && (index == 0 || !replaced.contains(Self.attribute[index - 1]))
    }.map(\.element)
    let run = try GraftProcess.run(own + arguments + ["-o", path, "--resume"])
    #expect(run.status == 1 && run.error.contains(name), "\(run.error)")
    #expect(try ShortRun.contents(path) == before)
  }

  @Test func aFolderNeedsADataset() throws {
    let run = try GraftProcess.run("attribute", "imdb-bert-1", "--text", "a", "-o", folder.path("run"))
    #expect(run.status == 64 && run.error.contains("-o does nothing without --dataset"))
  }

  private static func words(_ count: Int) -> String {
    Array(repeating: "film", count: count - 2).joined(separator: " ")
  }

  /// Refused before the work, with a bound that works when it is given.
  @Test(arguments: [("--svg", 129, 128), ("--html", 257, 256)])
  func aPictureHasABound(option: String, tokens: Int, most: Int) throws {
    let path = folder.path("picture")
    let arguments = ["attribute", "imdb-bert-1", "--text", Self.words(tokens), option, path, "--probes", "2"]
    let run = try GraftProcess.run(arguments)
    #expect(run.status == 1)
    #expect(
      run.error.contains(
        "--text: the picture shows at most \(most) tokens, found \(tokens); give --max-length \(most)"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: path))
    let bounded = try GraftProcess.run(arguments + ["--max-length", "\(most)"])
    #expect(bounded.status == 0)
    #expect(
      bounded.error
        == "graft: note: --text: the text has \(tokens) tokens; \(most) were read (--max-length)\n")
    #expect(FileManager.default.fileExists(atPath: path))
  }

  /// A decision has a number for each token, whose picture has no bound.
  @Test func aDecisionHasNone() throws {
    let run = try GraftProcess.run(
      "attribute", "imdb-bert-1-sentiment", "--text", Self.words(300), "--method", "input-gradient", "--svg",
      folder.path("picture.svg"), "--html", folder.path("page.html"))
    #expect(run.status == 0 && run.error == "", "\(run.error)")
  }

  @Test func aPageOfManyTextsSaysWhatItShows() throws {
    let texts = try folder.write((0..<18).map { _ in Self.words(256) }.joined(separator: "\n") + "\n", to: "texts.txt")
    let page = folder.path("page.html")
    let run = try GraftProcess.run(
      "attribute", "imdb-bert-1", "--file", texts, "--html", page, "--definition", "ones", "-t", "2")
    #expect(run.status == 0)
    // 4 levels of 256 x 256 numbers a text, 4,000,000 in all.
    #expect(run.error == "graft: note: the page shows the first 15 texts of 18 to stay small; --json has all\n")
    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(html.components(separatedBy: "<section").count - 1 == 15)
    #expect(html.utf8.count < 40_000_000)
  }
}
