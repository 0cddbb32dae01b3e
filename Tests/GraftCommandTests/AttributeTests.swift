import Files
import Foundation
import TestSupport
import Testing

/// `graft attribute` as a process.
@Suite struct AttributeTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func result(_ arguments: String...) throws -> JSONNode {
    let node = try GraftProcess.run(["attribute"] + arguments + ["--json"]).json()
    #expect(try Repository.schema("attribute").problems(in: try #require(node.value)) == [])
    #expect(try GraftProcess.run(["attribute"] + arguments + ["--json"]).output.utf8.count > 0)
    return node
  }

  @Test func statesOfATexts() throws {
    let node = try result("imdb-gpt2-wide", "--text", "a great film", "--exact")
    let reading = try node["results"].item(0)
    let levels = try reading["contributions"].array()
    let count = try reading["ids"].array().count
    #expect(levels.count == 5 && reading["standard_errors"].value == .null)
    for level in levels {
      for (j, row) in try level.array().enumerated() {
        let shares = try row.doubles()
        #expect(shares.count == count && abs(shares.reduce(0, +) - 1) < 1e-12)
        #expect(shares[(j + 1)...].allSatisfy { $0 == 0 }, "later tokens have no share")
      }
    }
    let estimate = try result("imdb-gpt2-wide", "--text", "a great film", "--probes", "16", "--seed", "3")
    #expect(try estimate["results"].item(0)["standard_errors"].array().count == 5)
    #expect(estimate["options"]["probes"].value == 16 && estimate["seed"].value == 3)
    _ = try result("imdb-bert-1", "--text", "a", "--text", "b", "--definition", "ones")
  }

  /// Text, shade and legend of every level, in the terminal, the picture and the page, against the JSON.
  @Test func showsTheLevelAskedFor() throws {
    let request = ["imdb-bert-1", "--text", "a great film", "--exact"]
    let all = try GraftProcess.run(["attribute"] + request + ["--json"]).json()["results"].item(0)["contributions"]
      .array()
    var seen: Set<[String]> = []
    for level in 1...4 {
      let (svg, html) = (folder.path("\(level).svg"), folder.path("\(level).html"))
      let run = try GraftProcess.run(
        ["attribute"] + request + ["--level", "\(level)", "--svg", svg, "--html", html],
        environment: ["LC_ALL": "C.UTF-8"])
      let rows = try all[level - 1].array().map { try $0.doubles() }
      let texts = rows.map { $0.map { "\(Int((100 * $0).rounded()))" } }
      seen.insert(texts.flatMap { $0 })
      let most = rows.flatMap { $0 }.max() ?? 0
      // The terminal: two lines of heading, then a line a token.
      let lines = run.output.split(separator: "\n").dropFirst(2).prefix(rows.count)
      #expect(lines.map { $0.split(separator: " ").dropFirst().filter { Int($0) != nil }.map(String.init) } == texts)
      let legend = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("level ") })
      #expect(legend.hasPrefix("level \(level) 0 ") && legend.contains(" " + String(format: "%.3f", most).trimmedZeros))
      let picture = try XMLTree.parse(String(contentsOfFile: svg, encoding: .utf8))
      let cells = picture.all("g").filter { $0.all("rect").count == 1 }
      #expect(cells.map { $0.all("text")[0].text }.sorted() == texts.flatMap { $0 }.sorted())
      let tree = try XMLTree.parse(String(contentsOfFile: html, encoding: .utf8))
      #expect(tree.all("tbody")[0].all("tr").map { $0.all("td").map(\.text) } == texts)
      #expect(tree.all("button").filter { $0.attributes["aria-pressed"] == "true" }.map(\.text) == ["level \(level)"])
      #expect(tree.all("span", class: "bright")[0].text == String(format: "%.3f", most).trimmedZeros)
      let shades = tree.all("tbody")[0].all("td").map { $0.attributes["class"] ?? "" }.map {
        $0.split(separator: " ")[0]
      }
      #expect(shades.map(String.init) == rows.flatMap { $0 }.map { "q\(Int(($0 / most * 32).rounded()))" })
    }
    #expect(seen.count == 4, "levels differ")
  }

  @Test func overADataset() throws {
    let svg = folder.path("own.svg")
    let html = folder.path("own.html")
    let node = try result(
      "imdb-bert-1", "--dataset", ShortRun.reviews, "--limit", "4", "--max-length", "20", "--svg", svg, "--html", html)
    let levels = try node["levels"].array()
    #expect(levels.count == 4)
    for level in levels {
      #expect(try level["tokens"].int() == 80)
      let quartiles = try level["own"]["quartiles"].doubles()
      #expect(quartiles == quartiles.sorted() && (0...1).contains(quartiles[0]))
      #expect(try level["by_distance"].array().count == 21)
      #expect(try (0...1).contains(level["from_special"].double()) && (0...1).contains(level["to_special"].double()))
    }
    for path in [svg, html] { #expect(try !XMLTree.parse(String(contentsOfFile: path, encoding: .utf8)).name.isEmpty) }
  }

  @Test func decisions() throws {
    let text = "a waste of two hours"
    let integrated = try result("imdb-bert-1-sentiment", "--text", text, "--method", "integrated", "--steps", "200")
    let reading = try integrated["results"].item(0)
    let difference = try reading["score"].double() - reading["baseline_score"].double()
    let sum = try reading["attributions"].doubles().reduce(0, +)
    #expect(abs(difference - sum - (try reading["completeness_error"].double())) < 1e-9)
    #expect(abs(try reading["completeness_error"].double()) < 0.01 * abs(difference))
    #expect(integrated["options"]["baseline"].value == "mask")
    let gradient = try result(
      "imdb-gpt2-narrow-sentiment", "--text", text, "--method", "input-gradient", "--class", "1")
    #expect(try gradient["results"].item(0)["class"].int() == 1)
    #expect(try gradient["results"].item(0)["completeness_error"].value == .null)
  }

  @Test(arguments: [
    (["imdb-bert-1", "--text", "a", "--level", "5"], "--level must be from 1 to 4", Int32(64)),
    (["imdb-bert-1", "--text", "a", "--method", "integrated"], "has no classifier", 1),
    (
      ["imdb-gpt2-narrow-sentiment", "--text", "a", "--method", "integrated", "--baseline", "mask"],
      "has no mask token", 1
    ),
    (["imdb-bert-1", "--text", "a", "--dataset", "x"], "Give one of", 64),
    (["imdb-bert-1-sentiment", "--text", "a", "--method", "integrated", "--class", "7"], "--class must be one of", 64),
  ])
  func wrongRequests(_ arguments: [String], message: String, status: Int32) throws {
    let run = try GraftProcess.run(["attribute"] + arguments)
    #expect(run.status == status && run.error.contains(message), "\(run.status) \(run.error)")
  }
}

extension String {
  /// "0.250" as "0.25".
  fileprivate var trimmedZeros: String {
    var text = self
    while text.last == "0" { text.removeLast() }
    return text
  }
}
