import Files
import Foundation
import TestSupport
import Testing

/// --precision bf16: results say so, and are close to those of fp32.
@Suite struct PrecisionTests {
  private func json(_ arguments: [String]) throws -> JSONNode {
    let run = try GraftProcess.run(arguments + ["--json"])
    try #require(run.status == 0, "\(run.error)")
    return try JSONNode(JSON.parse(run.output, path: ""), path: "")
  }

  private func logits(_ result: JSONNode) throws -> [Double] {
    try result["results"].array()[0]["logits"].array().map { try $0.double() }
  }

  @Test func classifiesAlmostAsInFP32() throws {
    let arguments = ["classify", "imdb-bert-1-sentiment", "--text", "a waste of two hours"]
    let (exact, rounded) = (try json(arguments), try json(arguments + ["--precision", "bf16"]))
    #expect(try exact["options"]["precision"].string() == "fp32")
    #expect(try rounded["options"]["precision"].string() == "bf16")
    let (a, b) = (try logits(exact), try logits(rounded))
    #expect(a != b)
    expectClose(b, a, absolute: 0.05, relative: 0.05, "logits")
    #expect(try logits(json(arguments + ["--precision", "fp32"])) == a)
  }

  @Test func aRunOfAnotherPrecisionIsNotResumed() throws {
    let folder = try TemporaryFolder()
    let evaluation = [
      "evaluate", "imdb-bert-1-sentiment", "--dataset", Repository.path + "/evaluation/imdb/test.jsonl", "--limit", "8",
      "--max-length", "32", "-o", folder.path("run"),
    ]
    let first = try json(evaluation + ["--precision", "bf16"])
    #expect(try first["options"]["precision"].string() == "bf16")
    let other = try GraftProcess.run(evaluation + ["--resume"])
    #expect(other.status == 1 && other.error.contains("precision"), "\(other.error)")
    #expect(
      try json(evaluation + ["--resume", "--precision", "bf16"])["accuracy"].double() == first["accuracy"].double())
  }

  @Test func theLensReadsTheSameWords() throws {
    let arguments = ["lens", "imdb-gpt2-narrow", "--text", "I watched this film with", "--top", "1"]
    let (exact, rounded) = (try json(arguments), try json(arguments + ["--precision", "bf16"]))
    #expect(exact.value != rounded.value)
    #expect(try rounded["options"]["precision"].string() == "bf16")
  }

  @Test func isForCommandsWithoutResultsInDouble() throws {
    for arguments in [
      ["verify", "imdb-bert-1", "--expected", "f"], ["finetune", "imdb-bert-1", "--dataset", "f", "-o", "r"],
    ] {
      let run = try GraftProcess.run(arguments + ["--precision", "bf16"])
      #expect(run.status == 64 && run.error.contains("--precision"), "\(run.error)")
    }
    let parts = try GraftProcess.run(
      "lens", "imdb-gpt2-narrow", "--text", "a film", "--attribute", "--precision", "bf16")
    #expect(parts.status == 64 && parts.error.contains("a pass in fp32"), "\(parts.error)")
  }
}
