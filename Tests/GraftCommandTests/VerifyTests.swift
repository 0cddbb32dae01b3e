import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing

@Suite struct VerifyTests {
  private let folder: TemporaryFolder
  private static let tiny = Repository.fixture("tiny/bert")

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    "tiny/bert-wide", "tiny/gpt2-wide", "tiny/gpt2-mean-classifier", "variants/bert-three-types",
    "variants/gpt2-sharded", "variants/gpt2-last-token-classifier",
  ])
  func passesOnGoldenFiles(_ name: String) throws {
    let model = Repository.fixture(name)
    let result = try GraftProcess.run("verify", model, "--expected", model + "/expected.safetensors", "--json").json()
    #expect(try result["passed"].bool())
    #expect(try result["stages"].array().allSatisfy { try $0["fraction"].double() <= 2e-5 })
  }

  @Test(arguments: ["imdb-bert-1", "imdb-bert-1-sentiment", "imdb-gpt2-narrow", "imdb-gpt2-narrow-sentiment"])
  func passesOnTheModelsThatComeWithGraft(_ name: String) throws {
    let expected = Repository.fixture("trained/\(name)/expected.safetensors")
    let run = try GraftProcess.run("verify", name, "--expected", expected)
    #expect(run.status == 0)
    #expect(run.output.contains("\(name) matches: "))
    #expect(run.output.contains("not compared: attribution, effective_attention"))
  }

  @Test func agreesExactlyWithWhatForwardWrote() throws {
    let states = folder.path("states")
    _ = try GraftProcess.run("forward", "imdb-gpt2-wide", "--text", "what a film", "-o", states).status
    let stages = try GraftProcess.run("verify", "imdb-gpt2-wide", "--expected", states, "--json").json()["stages"]
    #expect(
      try stages.array().map { try $0["name"].string() }.prefix(4) == [
        "hidden 0", "attention 0", "hidden 1", "attention 1",
      ])
    #expect(try stages.array().allSatisfy { try $0["largest_error"].double() == 0 })
  }

  /// The expected file of a tiny BERT with `change` made to its hidden states [4, 17, 36].
  private func perturbed(_ change: (inout [Double]) -> Void) throws -> String {
    let source = try SafetensorsFile(Self.tiny + "/expected.safetensors")
    var writer = SafetensorsWriter()
    writer.add("ids", shape: source.entry(named: "ids")?.shape ?? [], integers: try source.integers("ids").values)
    for name in ["hidden", "attention", "logits"] {
      var (shape, values) = try source.doubles(name)
      if name == "hidden" { change(&values) }
      writer.add(name, shape: shape, doubles: values)
    }
    try writer.write(to: folder.path("perturbed"))
    return folder.path("perturbed")
  }

  @Test func namesTheFirstStageThatDiffers() throws {
    // Hidden state 2, position 5, column 7; a later stage differs more.
    let file = try perturbed { values in
      values[(2 * 17 + 5) * 36 + 7] += 0.001
      values[(3 * 17 + 1) * 36] += 1
    }
    let run = try GraftProcess.run("verify", Self.tiny, "--expected", file)
    #expect(run.status == 1)
    #expect(run.error.hasPrefix("graft: error: hidden 2 is the first stage over the tolerance"))
    #expect(run.output.contains("[5, 7]"))
    #expect(!run.output.contains("hidden 3"))

    let json = try GraftProcess.run("verify", Self.tiny, "--expected", file, "--json")
    #expect(json.status == 1)
    let result = JSONNode(try JSON.parse(json.output, path: "output"), path: "output")
    #expect(try result["passed"].bool() == false)
    #expect(try result["first_failure"].string() == "hidden 2")
    let last = try #require(try result["stages"].array().last)
    #expect(try last["at"].ints() == [5, 7])
    #expect(abs(try last["largest_error"].double() - 0.001) < 1e-6)

    #expect(try GraftProcess.run("verify", Self.tiny, "--expected", file, "--tolerance", "1").status == 0)
  }

  @Test func doesNotLetNotANumberPass() throws {
    let run = try GraftProcess.run(
      "verify", Self.tiny, "--expected", perturbed { $0[40] = .nan }, "--tolerance", "1000")
    #expect(run.status == 1)
    #expect(run.error.contains("hidden 0 is the first stage"))
  }

  @Test func refusesAFileWithNothingToCompare() throws {
    var writer = SafetensorsWriter()
    writer.add("ids", shape: [2], integers: [1, 2])
    writer.add("other", Tensor(shape: [1], [1]))
    try writer.write(to: folder.path("empty"))
    let run = try GraftProcess.run("verify", Self.tiny, "--expected", folder.path("empty"))
    #expect(run.status == 1)
    #expect(run.error.contains("expected hidden, attention, logits or classifier_logits"))
  }

  @Test func saysWhereShapesDiffer() throws {
    let run = try GraftProcess.run("verify", "imdb-bert-1", "--expected", Self.tiny + "/expected.safetensors")
    #expect(run.status == 1)
    #expect(run.error.contains("hidden has shape [4, 17, 36]; this model and these ids make [5, 17, 128]"))
  }
}
