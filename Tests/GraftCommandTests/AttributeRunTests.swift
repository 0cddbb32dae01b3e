import Files
import Foundation
import TestSupport
import Testing

/// `graft attribute` over a dataset into a folder, and over texts that are too long for a picture.
@Suite struct AttributeRunTests {
  private let folder: TemporaryFolder
  private static let texts = 8
  private static let attribute = [
    "attribute", "imdb-bert-1", "--dataset", ShortRun.reviews, "--limit", "\(texts)", "--max-length", "24", "--probes",
    "4",
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
    #expect(lines.count == Self.texts && result["reviews"].value == .integer(Self.texts))
    // The means follow from the lines.
    let level = try result["levels"].item(3)
    let own = try lines.flatMap { try $0["levels"].item(3)["own"].doubles() }
    #expect(try level["tokens"].int() == own.count)
    let others = try lines.reduce(0) { try $0 + $1["levels"].item(3)["others_largest"].int() }
    #expect(try level["others_largest"].double() == Double(others) / Double(own.count))
    let before = try lines.map { try $0["levels"].item(3)["distances"].item(10) }
    let sum = try before.reduce(0) { try $0 + $1["sum"].double() }
    let count = try before.reduce(0) { try $0 + $1["count"].int() }
    #expect(count == own.count - Self.texts)
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
    let line = try ShortRun.contents(whole)["texts.jsonl"].map { $0.count / Self.texts } ?? 0
    for texts in [0, 2, 4] {
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
    (["--probes", "5"], "probes"), (["--seed", "43"], "seed"), (["--exact"], "exact"),
    (["--max-length", "25"], "max_length"),
    (["--limit", "7"], "limit"), (["--definition", "ones"], "definition"),
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
    let arguments = ["attribute", "imdb-bert-1", "--text", Self.words(tokens), option, path, "--definition", "ones"]
    let run = try GraftProcess.run(arguments)
    #expect(run.status == 1)
    #expect(
      run.error.contains(
        "--text: the picture shows at most \(most) tokens, found \(tokens); give --max-length \(most)"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: path))
    let bounded = try GraftProcess.run(arguments + ["--max-length", "\(most)", "--progress", "none"])
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
}
