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
    #expect(try atlas("build", "imdb-bert-1", "-o", "whole", "--svd", "2").status == 0)
    let whole = try pages("whole")
    #expect(whole.count == 5)
    for (index, bytes) in [0, 600_000, 1_500_000, 3_500_000].enumerated() {
      let name = "killed\(index)"
      try buildAndKill(name, afterBytes: bytes)
      let shown = try atlas("show", "--atlas", name, "--json")
      // The database opens and says how far it got, unless the kill came before there was one.
      if shown.status == 0 {
        let state = try shown.json()
        #expect(try state["done"].int() <= state["parts"].int() && state["parts"].int() == 96)
      } else {
        #expect(index == 0 && (shown.error.contains("no such atlas") || shown.error.contains("an empty database")))
      }
      let resumed = try atlas("build", "imdb-bert-1", "-o", name, "--svd", "2", "--json").json()
      #expect(try resumed["done"].int() == 96)
      #expect(try pages(name) == whole, "killed after \(bytes) bytes")
    }
  }

  private func buildAndKill(_ name: String, afterBytes: Int) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = ["atlas", "build", "imdb-bert-1", "-o", folder.path(name), "--svd", "2"]
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

  /// The same as `graft project --svd` shows.
  @Test func holdsSingularDirections() throws {
    #expect(try atlas("build", "imdb-bert-1", "--svd", "3", "--top", "4", "--top-pairs", "5").status == 0)
    let head = try atlas("show", "L1H2", "--json").json()["readings"].array()
    let block = try atlas("show", "L2", "--json").json()["readings"].array()
    #expect(head.count == 2 + 2 * 3 && block.count == 2 * 3)
    for (readings, kind, place) in [
      (head, "vo", ["--head", "L1H2"]), (head, "qk", ["--head", "L1H2"]), (block, "k", ["--layer", "2"]),
      (block, "v", ["--layer", "2"]),
    ] {
      let name = ["k": "ff-key", "v": "ff-value"][kind, default: kind] + "-svd"
      let own = try readings.filter { try $0["kind"].string() == name }
      let project = try GraftProcess.run(
        ["project", "imdb-bert-1", "--svd", "--matrix", kind, "--directions", "3", "--top", "4", "--json"] + place
      ).json()["directions"].array()
      #expect(own.count == 3 && project.count == 3)
      for (index, (stored, direct)) in zip(own, project).enumerated() {
        #expect(try stored["place"].int() == index && stored["value"].double() == direct["value"].double())
        #expect(stored["neurons"].value == direct["neurons"].value)
        for side in ["left", "right"] where stored[side].value != .null || direct[side].value != .null {
          for end in ["highest", "lowest"] {
            let (a, b) = (try stored[side][end].array(), try direct[side][end].array())
            #expect(try a.map { try $0["id"].int() } == b.map { try $0["id"].int() } && a.count == 4)
            expectClose(
              try a.map { try $0["score"].double() }, try b.map { try $0["score"].double() }, absolute: 0,
              relative: 1e-6, name)
          }
        }
      }
    }
    let word = try block[0]["left"]["lowest"].item(0)["token"].string()
    let found = try atlas("search", word, "--kind", "ff-key-svd", "--json").json()["matches"].array()
    let place = try #require(try found.first { try $0["name"].string() == "L2" && $0["place"].int() == 0 })["places"]
    #expect(try place.item(0)["side"].string() == "lowest" && place.item(0)["rank"].int() == 1)
    #expect(try atlas("search", word, "--kind", "ff-key-svd").output.contains("(tokens -)"))
    #expect(try atlas("export", "--html", "pages").status == 0)
    let page = try String(contentsOfFile: folder.path("pages/L2.html"), encoding: .utf8)
    #expect(page.contains(#"id="L2-ff-key-svd-0""#) && page.contains(#"id="L2H3-qk-svd-2""#))
    let index = try String(contentsOfFile: folder.path("pages/index.html"), encoding: .utf8)
    #expect(index.contains("L2.html#L2-ff-key-svd-0"))
    // The page's search finds what the command's does, in the same order and at the same ranks.
    let search = try PageSearch(index)
    var total = 0
    for text in ["film", "FILM", "good bad", "film*", "the a", "actor movie", "s* film", ".", "##s", "ing* ed*"] {
      let run = try atlas("search", text, "--limit", "10000", "--json")
      let expected = try run.status == 0 ? run.json()["matches"].array().map(PageSearch.Line.init) : []
      #expect(search.lines(text) == expected, "\(text)")
      total += expected.count
    }
    #expect(total > 100)
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
      (
        ["show", "head"], 64, "expected a head such as L5H3, a vector such as L3:907 or L5H3:12, or a block such as L5"
      ),
      (["search", "qqqqq"], 1, "no token of the vocabulary"),
      (["search", " "], 1, "nothing to search for"), (["search", "a", "--kind", "x"], 64, "--kind must be one of"),
      (["show", "--atlas", "none"], 1, "none: no such atlas"),
      (["build", "imdb-bert-1"], 1, "was begun with options.top 2, not 10"),
      (
        ["build", "imdb-bert-1", "--top-pairs", "5", "--top", "2", "--svd", "3"], 1,
        "was begun with options.svd 0, not 3"
      ),
      (["show", "L0"], 1, "was built without singular directions; build one with --svd"),
      (["build", "imdb-bert-2", "--top-pairs", "5", "--top", "2"], 1, "was begun with model"),
      (["build", "imdb-bert-1", "--fold-norm", "-o", "b"], 1, "this model normalises after adding"),
      (["build", "imdb-bert-1", "-o", "no/folder"], 1, "its folder does not exist"),
      (["export", "--html", "atlas.sqlite"], 1, "this file is read too, as --atlas"),
    ] as [([String], Int32, String)] {
      let run = try GraftProcess.run(["atlas"] + arguments, directory: folder.path)
      #expect(run.status == status && run.output.isEmpty && run.error.contains(message), "\(arguments): \(run.error)")
    }
  }
}

/// The rule by which an atlas's index page searches, on the data that the page has: written here once more, since no browser
/// takes part in a test.
private struct PageSearch {
  struct Line: Equatable {
    let name: String
    let rank: Int
    let count: Int

    init(name: String, rank: Int, count: Int) { (self.name, self.rank, self.count) = (name, rank, count) }

    /// A match of the command.
    init(_ match: JSONNode) throws {
      let kind = try match["kind"].string()
      let number = try kind.hasSuffix("-svd") ? " \(match["place"].int())" : ""
      name = try "\(match["name"].string()) \(kind)\(number)"
      rank = try match["places"].item(0)["rank"].int()
      count = try match["places"].array().count
    }
  }

  private let places: [(name: String, order: Int)]
  private let words: [(shown: String, bare: String, places: [(place: Int, hits: [Int])])]

  init(_ page: String) throws {
    let data = try #require(
      page.firstMatch(of: /<script type="application\/json">(.*?)<\/script>/.dotMatchesNewlines()))
    let node = JSONNode(try JSON.parse(String(data.output.1), path: "index.html"), path: "index.html")
    places = try node["places"].array().map { (try $0.item(0).string(), try $0.item(2).int()) }
    words = try node["words"].array().map { word in
      let hits = try word.item(3).array().map { try $0.ints() }
      return (try word.item(0).string(), try word.item(1).string(), Array(zip(try word.item(2).ints(), hits)))
    }
  }

  private static func parts(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static func isMatch(_ word: String, _ token: (shown: String, bare: String)) -> Bool {
    let isPrefix = word.count > 1 && word.hasSuffix("*")
    let plain = isPrefix ? String(word.dropLast()) : word
    if token.bare == plain || token.shown == plain { return true }
    let (parts, own) = (parts(plain), parts(token.bare))
    guard let last = parts.last else { return false }
    return (0..<(isPrefix ? own.count : 1)).contains { start in
      let there = own.dropFirst(start).prefix(parts.count)
      guard there.count == parts.count else { return false }
      return isPrefix
        ? there.dropLast().elementsEqual(parts.dropLast()) && there.last?.hasPrefix(last) == true
        : there.elementsEqual(parts)
    }
  }

  func lines(_ text: String) -> [Line] {
    let wanted = text.split(whereSeparator: \.isWhitespace).map(String.init)
    var best: [Int: [Int: Int]] = [:]
    var hits: [Int: Set<Int>] = [:]
    for (number, word) in wanted.enumerated() {
      for token in words where Self.isMatch(word, (token.shown, token.bare)) {
        for (place, codes) in token.places {
          hits[place, default: []].formUnion(codes)
          best[place, default: [:]][number] = min(best[place]?[number] ?? .max, (codes.min() ?? 0) / 4)
        }
      }
    }
    let found = best.filter { $0.value.count == wanted.count }.map { place, ranks in
      (place: place, order: (ranks.values.reduce(0, +), -(hits[place]?.count ?? 0), places[place].order))
    }
    return found.sorted { $0.order < $1.order }.map { match in
      let codes = hits[match.place] ?? []
      return Line(name: places[match.place].name, rank: (codes.min() ?? 0) / 4, count: codes.count)
    }
  }
}
