import Files
import Foundation
import TestSupport
import Testing

@Suite struct AtlasTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func atlas(_ arguments: String...) throws -> GraftRun {
    try GraftProcess.run(["atlas"] + arguments, directory: folder.path)
  }

  /// The bytes of every page of an atlas, which show all of its rows.
  private func pages(_ name: String) throws -> [String: Data] {
    #expect(try atlas("export", "--html", "pages-\(name)", "--atlas", name).status == 0)
    return try ShortRun.contents(folder.path("pages-\(name)"))
  }

  /// Killed at several moments, from before the tables are there to shortly before the end.
  @Test func goesOnAfterAKill() throws {
    #expect(try atlas("build", "imdb-bert-1", "-o", "whole").status == 0)
    let whole = try pages("whole")
    #expect(whole.count == 5)
    for (index, bytes) in [0, 600_000, 1_500_000, 3_500_000].enumerated() {
      let name = "killed\(index)"
      try buildAndKill(name, afterBytes: bytes)
      let shown = try atlas("show", "--atlas", name, "--json")
      // The database opens and says how far it got, unless the kill came before there was one.
      if shown.status == 0 {
        let state = try shown.json()
        #expect(try state["done"].int() <= state["parts"].int() && state["parts"].int() == 56)
      } else {
        #expect(index == 0 && (shown.error.contains("no such atlas") || shown.error.contains("an empty database")))
      }
      let resumed = try atlas("build", "imdb-bert-1", "-o", name, "--json").json()
      #expect(try resumed["done"].int() == 56)
      #expect(try pages(name) == whole, "killed after \(bytes) bytes")
    }
  }

  private func buildAndKill(_ name: String, afterBytes: Int) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = ["atlas", "build", "imdb-bert-1", "-o", folder.path(name)]
    process.environment = GraftProcess.environment()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning {
      let size = (try? FileManager.default.attributesOfItem(atPath: folder.path(name))[.size] as? Int) ?? -1
      if size >= afterBytes {
        kill(process.processIdentifier, SIGKILL)
        break
      }
      usleep(500)
    }
    process.waitUntilExit()
  }

  /// RLIMIT_FSIZE: what was committed stays, and a build with more room goes on with it.
  @Test func keepsWhatFitsOnAFullDisk() throws {
    let full = try GraftProcess.run(
      ["atlas", "build", "imdb-bert-1", "-o", folder.path("full")], fileBlocks: 4000)
    #expect(full.status == 1 && full.error.contains("cannot write"), "\(full.error)")
    #expect(full.error.contains("of 56 parts are built and kept"), "\(full.error)")
    #expect(full.error.split(separator: "\n").count == 1)
    let state = try atlas("show", "--atlas", "full", "--json").json()
    #expect(try (1..<56).contains(state["done"].int()))
    let resumed = try atlas("build", "imdb-bert-1", "-o", "full", "--json").json()
    #expect(try resumed["resumed"].int() == state["done"].int() && resumed["done"].int() == 56)
  }

  @Test func findsAndShows() throws {
    #expect(try atlas("build", "imdb-gpt2-wide").status == 0)
    let found = try atlas("search", "Director", "--limit", "3", "--json").json()
    #expect(try found["count"].int() > 3 && found["matches"].array().count == 3)
    let first = try found["matches"].item(0)
    let text = try first["places"].item(0)["text"].string()
    #expect(text.lowercased().contains("director"))
    let shown = try atlas("show", first["name"].string(), "--json").json()
    let tokens = try shown["readings"].array().flatMap { reading -> [String] in
      guard reading["highest"].isPresent else { return [] }
      return try reading["highest"].array().map { try $0["token"].string() }
    }
    #expect(tokens.contains(text))
    let table = try atlas("search", "director", "--limit", "3")
    #expect(table.output.contains("L") && table.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(try atlas("search", "director", "--lowest", "--kind", "ff-value").status == 0)
  }

  /// Nothing but what the filters leave stands anywhere in it.
  @Test func keepsToTheTokensThatAreLeft() throws {
    #expect(
      try atlas("build", "imdb-gpt2-wide", "--ascii", "--alphanumeric", "--min-length", "3", "--pairs", "distinct")
        .status == 0)
    let shown = try atlas("show", "L3H2", "--json").json()["readings"].array()
    #expect(shown.count == 2)
    for pair in try shown.flatMap({ try $0["pairs"].array() }) {
      let words = try ["left", "right"].map { side in
        try pair[side]["token"].string().replacing("␣", with: "").lowercased()
      }
      #expect(words[0] != words[1])
      #expect(
        words.allSatisfy { word in word.count >= 3 && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } })
    }
    let neuron = try atlas("show", "L4:18", "--json").json()["readings"].item(0)
    for token in try neuron["highest"].array() + neuron["lowest"].array() {
      #expect(try !token["token"].string().contains("\\"))
    }
  }

  @Test func refuses() throws {
    #expect(try atlas("build", "imdb-bert-1", "--top-pairs", "5", "--top", "2").status == 0)
    for (arguments, status, message) in [
      (["show", "L9H0"], 1, "imdb-bert-1 has no head L9H0"), (["show", "L0:512"], 1, "no feed-forward vector L0:512"),
      (["show", "head"], 64, "give L3H5, L3:90 or L3H5:12"), (["search", "qqqqq"], 1, "no token of the vocabulary"),
      (["search", " "], 1, "nothing to search for"), (["search", "a", "--kind", "x"], 64, "--kind must be one of"),
      (["show", "--atlas", "none"], 1, "none: no such atlas"),
      (["build", "imdb-bert-1"], 1, "was begun with options.top 2, not 10"),
      (["build", "imdb-bert-2", "--top-pairs", "5", "--top", "2"], 1, "was begun with model"),
      (["build", "imdb-bert-1", "--fold-norm", "-o", "b"], 1, "BERT normalises after adding"),
      (["build", "imdb-bert-1", "-o", "no/folder"], 1, "its folder does not exist"),
      (["export", "--html", "atlas.sqlite"], 1, "cannot create the folder"),
    ] as [([String], Int32, String)] {
      let run = try GraftProcess.run(["atlas"] + arguments, directory: folder.path)
      #expect(run.status == status && run.output.isEmpty && run.error.contains(message), "\(arguments): \(run.error)")
    }
  }
}
