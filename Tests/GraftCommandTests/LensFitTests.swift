import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct LensFitTests {
  static let fit = [
    "lens-fit", "imdb-gpt2-narrow", "--dataset", Repository.path + "/evaluation/imdb/train.jsonl", "--limit", "60",
    "--max-length", "64", "-t", "2",
  ]
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("lens.safetensors")
  }

  @Test func readsBesideThePlainLens() throws {
    let fitted = try GraftProcess.run(Self.fit + ["-o", path, "--json"]).json()
    let found = try GraftProcess.run(LensCorpusTests.gpt2 + ["--tuned", path, "--json"]).json()
    #expect(try found["tuned_sha256"].string() == Digest.ofFile(path))
    let levels = try found["levels"].array()
    let tuned = try levels.filter { try $0["tuned"].bool() }
    #expect(try tuned.map { try $0["level"].string() } == fitted["levels"].array().map { try $0["level"].string() })
    for level in tuned {
      let plain = try #require(
        try levels.first { try !$0["tuned"].bool() && $0["layer"].int() == level["layer"].int() })
      #expect(try level["kl_to_final"].double() < plain["kl_to_final"].double())
    }
    // What stands beside it is what it is alone.
    let alone = try GraftProcess.run(LensCorpusTests.gpt2 + ["--json"]).json()
    #expect(try levels.suffix(5).map(\.value) == alone["levels"].array().map(\.value))
    #expect(try found["tuned_settle_blocks"].double() < found["settle_blocks"].double())

    let prompt = try GraftProcess.run(
      "lens", "imdb-gpt2-narrow", "--text", "This movie was", "--tuned", path, "--svg", folder.path("a.svg"))
    #expect(prompt.status == 0 && prompt.output.contains("tuned lens: This movie was"), "\(prompt.error)")
    let svg = try String(contentsOfFile: folder.path("a.svg"), encoding: .utf8)
    #expect(svg.contains("tuned lens"))
  }

  @Test func saysWhatItIsFor() throws {
    _ = try GraftProcess.run(Self.fit + ["--steps", "3", "-o", path])
    let metadata = try SafetensorsFile(path).metadata
    let fit = JSONNode(try JSON.parse(try #require(metadata["graft.fit"]), path: path), path: path)
    #expect(try fit["options"]["steps"].int() == 3 && fit["command"].string() == "lens-fit")
    let other = try GraftProcess.run("lens", "imdb-gpt2-narrow", "--head", "embedding", "--text", "a", "--tuned", path)
    #expect(other.status == 1 && other.error.contains("was fitted with the unembedding"), "\(other.error)")
    let wide = try GraftProcess.run("lens", "imdb-gpt2-wide", "--text", "a", "--tuned", path)
    #expect(wide.status == 1 && wide.error.contains("expected a tuned lens of 5 states of 160"), "\(wide.error)")
    let model = Repository.model("imdb-gpt2-narrow") + "/model.safetensors"
    let none = try GraftProcess.run("lens", "imdb-gpt2-narrow", "--text", "a", "--tuned", model)
    #expect(none.status == 1 && none.error.contains("expected a tuned lens"), "\(none.error)")
  }

  @Test(arguments: [
    (["--limit", "0"], "--limit"), (["--ridge", "-1"], "--ridge"), (["--steps", "-1"], "--steps"),
    (["--rate", "0"], "--rate"),
    (["--head", "embedding", "--unembedding", "a"], "--unembedding does nothing with --head embedding"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ advice: String) throws {
    let run = try GraftProcess.run(
      ["lens-fit", "imdb-gpt2-narrow", "--dataset", ShortRun.reviews, "-o", path] + arguments)
    #expect(run.status == 64 && run.error.contains(advice), "\(run.error)")
    #expect(try folder.names().isEmpty)
  }

  @Test func besideAndTunedAreTwoThings() throws {
    let run = try GraftProcess.run("lens", "imdb-gpt2-narrow", "--text", "a", "--beside", "b", "--tuned", path)
    #expect(run.status == 64 && run.error.contains("not both"))
  }
}
