import Files
import Foundation
import TestSupport
import Testing

/// What all pages have in common: where their numbers come from stands at the foot.
@Suite struct PageTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Foot: Equatable {
    let version: String
    /// "model NAME, SHA-256 DIGEST"
    let sources: [String]
    let command: String

    init(ofPage path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let page = try XMLTree.parse(String(contentsOfFile: path, encoding: .utf8))
      let foot = try #require(page.all("footer").first, "\(path)", sourceLocation: sourceLocation)
      let lines = foot.all("p").map(\.text)
      version = lines.first ?? ""
      sources = Array(lines.dropFirst())
      command = foot.all("code").map(\.text).joined()
    }
  }

  private func version() throws -> String {
    "graft "
      + (try GraftProcess.run("--version").output.split(separator: " ").first ?? "").trimmingCharacters(in: .newlines)
  }

  private static let text = "a waste of time"

  @Test(arguments: [
    (
      ["lens", "imdb-bert-1", "--text", text, "--show", "kl"],
      "graft lens imdb-bert-1 --text 'a waste of time' --show kl"
    ),
    (["attribute", "imdb-bert-1", "--text", text], "graft attribute imdb-bert-1 --text 'a waste of time'"),
    (["identify", "imdb-bert-1", "--text", text], "graft identify imdb-bert-1 --text 'a waste of time'"),
  ]) func ofAText(_ arguments: [String], command: String) throws {
    let path = folder.path("page.html")
    let result = try GraftProcess.run(arguments + ["--html", path, "--json"]).json()
    let foot = try Foot(ofPage: path)
    let digest = try result["model_sha256"].string()
    #expect(digest.count == 64)
    #expect(try foot.version == version() && foot.version == "graft \(result["graft_version"].string())")
    #expect(foot.sources == ["model imdb-bert-1, SHA-256 \(digest)"])
    #expect(foot.command == command)
    // Also where no JSON asks for the digest.
    #expect(try GraftProcess.run(arguments + ["--html=\(path)"]).status == 0)
    #expect(try Foot(ofPage: path) == foot)
  }

  @Test func ofADataset() throws {
    let path = folder.path("page.html")
    let result = try GraftProcess.run([
      "attribute", "imdb-bert-1", "--dataset", ShortRun.reviews, "--limit", "2", "--max-length", "12", "--html", path,
      "--json",
    ]).json()
    let foot = try Foot(ofPage: path)
    #expect(
      try foot.sources == [
        "model imdb-bert-1, SHA-256 \(result["model_sha256"].string())",
        "dataset \(result["dataset"].string()), SHA-256 \(result["dataset_sha256"].string())",
      ])
    #expect(foot.command == "graft attribute imdb-bert-1 --dataset \(ShortRun.reviews) --limit 2 --max-length 12")
  }

  @Test func ofTwoModels() throws {
    let run = folder.path("align")
    let result = try GraftProcess.run("align", "imdb-bert-1", "imdb-bert-2", "--groups", "K", "-o", run, "--json")
      .json()
    let foot = try Foot(ofPage: run + "/report.html")
    let models = try result["models"].array()
    #expect(
      try foot.sources
        == models.map { "model \(try $0["model"].string()), SHA-256 \(try $0["model_sha256"].string())" })
    #expect(models.count == 2 && foot.command == "graft align imdb-bert-1 imdb-bert-2 --groups K")

    let stitch = folder.path("stitch")
    let small = [
      "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--dataset", ShortRun.reviews,
      "--limit", "4", "--max-length", "16", "--keep", "4", "--transplant", "1", "--maps", "identity",
    ]
    let stitched = try GraftProcess.run(small + ["-o", stitch, "--json"]).json()
    let foot2 = try Foot(ofPage: stitch + "/report.html")
    #expect(
      try foot2.sources == [
        "model imdb-bert-2, SHA-256 \(stitched["pretrained_sha256"].string())",
        "model imdb-bert-1-sentiment, SHA-256 \(stitched["finetuned_sha256"].string())",
        "dataset \(stitched["dataset"].string()), SHA-256 \(stitched["dataset_sha256"].string())",
      ])
    #expect(foot2.command.hasPrefix("graft stitch") && foot2.command.contains("--maps identity"))
  }

  @Test func ofAnAtlas() throws {
    func run(_ arguments: String...) throws -> GraftRun {
      try GraftProcess.run(["atlas"] + arguments, directory: folder.path)
    }
    let built = try run("build", Repository.model("imdb-bert-1"), "--top", "3", "--top-pairs", "4", "-t", "2", "--json")
      .json()
    #expect(try run("export", "--html", "pages").status == 0)
    let digest = try built["atlas"]["model_sha256"].string()
    for page in ["index.html", "L0.html", "L3.html"] {
      let foot = try Foot(ofPage: folder.path("pages/\(page)"))
      #expect(try foot.version == version())
      #expect(foot.sources.count == 1 && foot.sources[0].hasSuffix(", SHA-256 \(digest)"), "\(foot.sources)")
      #expect(
        foot.command.hasPrefix("graft atlas build ") && foot.command.contains("--top 3 --top-pairs 4"),
        "\(foot.command)")
    }
  }
}
