import Files
import Foundation
import TestSupport
import Testing

/// Prompts with ids and targets, and prompts side by side.
@Suite struct LensPromptTests {
  static let prompts = Repository.path + "/Tests/GraftCommandTests/Fixtures/prompts.jsonl"
  private static let model = "imdb-gpt2-wide"

  /// Each object is the text read alone, with its own target.
  @Test func readsObjects() throws {
    let results = try GraftProcess.run(
      "lens", Self.model, "--jsonl", Self.prompts, "--target", " film", "--json"
    ).json()["results"].array()
    #expect(try results.map { try $0["id"].string() } == ["waste", "plain"])
    for (result, (text, target)) in zip(results, [("This movie was a", " waste"), ("I watched this", " film")]) {
      let alone = try GraftProcess.run("lens", Self.model, "--text", text, "--target", target, "--json").json()[
        "results"
      ].item(0)
      #expect(try result["text"].string() == text)
      #expect(result["levels"].value == alone["levels"].value)
    }
  }

  @Test(arguments: [
    ("{\"id\": \"a\", \"text\": \"b\"}\n{\"id\": \"a\", \"text\": \"b\"}", "line 2.id"),
    ("\n{\"id\": \"a\"}", "line 2.text"), ("{\"id\": \"a\", \"text\": \"b\", \"target\": 1}", "line 1.target"),
    ("{", "line 1"), ("\n", "found nothing"), ("{\"id\": \"a\", \"text\": \"\"}", "line 1: the text has no token"),
  ]) func namesTheLine(_ lines: String, _ place: String) throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run("lens", Self.model, "--jsonl", try folder.write(lines, to: "p.jsonl"))
    #expect(run.status == 1 && run.output.isEmpty && run.error.contains(place), "\(run.error)")
  }

  /// Two maps with common lines, one colour for one number.
  @Test func showsTwoSideBySide() throws {
    let folder = try TemporaryFolder()
    let arguments = ["lens", Self.model, "--text", "This movie was", "--beside", "This book was so"]
    let run = try GraftProcess.run(
      arguments + ["--show", "kl", "--svg", folder.path("a.svg"), "--html", folder.path("a.html")],
      environment: ["LC_ALL": "C.UTF-8"])
    let lines = run.output.split(separator: "\n")
    let heading = try #require(lines.first)
    #expect(heading.contains("This movie was") && heading.contains("This book was so"))
    #expect(lines.filter { $0.components(separatedBy: "embed").count == 3 }.count == 1)
    let scales = lines.filter { $0.contains("KL to final") }.map { $0.components(separatedBy: "KL to final") }
    let scale = try #require(scales.first)
    #expect(scale.count == 3 && scale[1].split(separator: " ").first == scale[2].split(separator: " ").first)
    let svg = try String(contentsOfFile: folder.path("a.svg"), encoding: .utf8)
    #expect(svg.contains("␣movie") && svg.contains("␣book"))
    let html = try String(contentsOfFile: folder.path("a.html"), encoding: .utf8)
    #expect(html.components(separatedBy: "<figure class=\"heat\"").count == 3 && html.contains("class=\"beside\""))

    let results = try GraftProcess.run(arguments + ["--json"]).json()["results"].array()
    let alone = try GraftProcess.run("lens", Self.model, "--text", "This book was so", "--json").json()["results"]
    #expect(results.count == 2)
    #expect(try results[1].value == alone.item(0).value)
  }

  /// What is followed is what is shown, and a page opens at it.
  @Test(arguments: [
    ([], "probability"), (["--target", "good"], "P(good)"),
    (["--target", "good", "--versus", "bad"], "logit of good minus bad"), (["--show", "kl"], "KL to final"),
    (["--target", "good", "--versus", "bad", "--show", "target-rank"], "rank of good"),
    (["--target", "good", "--show", "probability"], "probability"),
  ]) func showsWhatIsFollowed(_ options: [String], statistic: String) throws {
    let folder = try TemporaryFolder()
    let (svg, html) = (folder.path("a.svg"), folder.path("a.html"))
    let run = try GraftProcess.run(
      ["lens", "imdb-bert-1", "--text", "a [MASK] film"] + options + ["--svg", svg, "--html", html])
    #expect(run.status == 0 && run.output.split(separator: "\n").last?.hasPrefix(statistic) == true, "\(run.output)")
    let legend = try XMLTree.parse(String(contentsOfFile: svg, encoding: .utf8)).all("g", class: "legend")[0]
    #expect(legend.all("text")[0].text.hasPrefix(statistic))
    let page = try XMLTree.parse(String(contentsOfFile: html, encoding: .utf8))
    #expect(page.all("button").filter { $0.attributes["aria-pressed"] == "true" }.map(\.text) == [statistic])
    #expect(page.all("span", class: "name")[0].text.hasPrefix(statistic))
    // The same colours: zero is light, above it blue, below orange.
    if options.contains("--versus"), !options.contains("--show") {
      #expect(page.all("tbody")[0].all("td").allSatisfy { $0.attributes["class"]?.hasPrefix("d") == true })
    }
  }

  @Test func aDatasetHasItsOwnStatistics() throws {
    let run = try GraftProcess.run("lens", Self.model, "--dataset", ShortRun.reviews, "--show", "rank")
    #expect(run.status == 64 && run.error.contains("entropy, kl or loss"), "\(run.error)")
  }

  @Test func takesOneSource() throws {
    let run = try GraftProcess.run("lens", Self.model, "--text", "a", "--jsonl", Self.prompts)
    #expect(run.status == 64 && run.error.contains("--jsonl"))
  }
}
