import Files
import Foundation
import TestSupport
import Testing

/// What the commands print, against the schemas in docs/formats.md.
@Suite struct SchemaTests {
  private func schema(_ command: String) throws -> JSONSchema {
    let path = Repository.path + "/docs/formats.md"
    return try JSONSchema.read(
      command: command, fromMarkdown: String(contentsOfFile: path, encoding: .utf8), path: "docs/formats.md")
  }

  @Test(arguments: [
    ["inspect", "imdb-bert-1", "--tensors"], ["inspect", "imdb-gpt2-narrow-sentiment"],
    ["inspect", Repository.fixture("tiny/gpt2")], ["tokenize", "imdb-bert-1", "--text", "good"],
    ["tokenize", "imdb-gpt2-wide", "--text", ""],
    ["forward", "imdb-bert-1-sentiment", "--text", "good", "-o", "states"],
    ["forward", "imdb-bert-1", "--ids", "1,2", "--token-types", "0,1", "-o", "states"],
    ["predict", "imdb-bert-1", "--text", "[MASK] and [MASK]"],
    ["predict", "imdb-gpt2-wide", "--text", "a", "--generate", "3", "--sample", "--top-k", "9"],
    ["predict", "imdb-gpt2-wide", "--text", "a", "--generate", "3"],
    ["lens", "imdb-gpt2-wide", "--text", "a film", "--text", "good", "--sublayers", "--updates", "--top", "3"],
    [
      "lens", "imdb-bert-1-sentiment", "--text", "a film", "--mask-each", "--unembedding", "imdb-bert-1", "--target",
      "good", "--versus", "bad", "--slice", "1:",
    ],
    ["lens", "imdb-gpt2-wide", "--jsonl", LensPromptTests.prompts, "--beside", "a", "--top", "1"],
    LensFitTests.fit + ["-o", "a.st"], LensFitTests.fit + ["-o", "a.st", "--steps", "2"],
    LensCorpusTests.gpt2, LensCorpusTests.bert + ["--sublayers"],
    [
      "lens", "imdb-bert-1", "--text", "a [MASK] film", "--attribute", "--target", "good", "--versus", "bad",
      "--ablate",
      "L1H0=mean", "--patch", "L2@2=from:a good film", "--unchanged", "--top", "1",
    ],
    ["lens", "imdb-gpt2-wide", "--text", "a", "--attribute", "--patch", "embed=from:b"],
    ["lens-classifier", "imdb-bert-1-sentiment", "--text", "good", "--text", "bad"],
    ["lens-classifier", "imdb-gpt2-narrow-sentiment", "--dataset", ShortRun.reviews, "--limit", "20", "-t", "2"],
    ["classify", "imdb-bert-1-sentiment", "--text", "good", "--text", "bad"],
    ["verify", "imdb-bert-1", "--expected", Repository.fixture("trained/imdb-bert-1/expected.safetensors")], ["env"],
  ])
  func outputConforms(_ arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(arguments + ["--json"], directory: folder.path)
    #expect(run.status == 0, "\(run.error)")
    let value = try JSON.parse(run.output, path: "output")
    #expect(try schema(arguments[0]).problems(in: value) == [])
    if arguments[0] != "tokenize" {
      #expect(value["schema"] == 1)
      #expect(value["command"] == .string(arguments[0]))
    }
    // The same command gives the same bytes.
    #expect(try GraftProcess.run(arguments + ["--json"], directory: folder.path).output == run.output)
  }

  @Test func tunedLensesConform() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.st")
    _ = try GraftProcess.run(LensFitTests.fit + ["-o", path])
    for arguments in [LensCorpusTests.gpt2, ["lens", "imdb-gpt2-narrow", "--text", "a", "--top", "1"]] {
      let run = try GraftProcess.run(arguments + ["--tuned", path, "--json"])
      #expect(try schema("lens").problems(in: JSON.parse(run.output, path: "lens")) == [])
    }
  }

  /// The commands that score reviews, and what they leave in a folder.
  @Test func runsConform() throws {
    let folder = try TemporaryFolder()
    for (command, arguments) in [
      ("evaluate", ShortRun.evaluate), ("stitch", ShortRun.stitch), ("stitch", try ShortRun.fittedStitch(folder)),
    ] {
      let output = folder.path(command == "evaluate" ? command : "\(command)-\(arguments.count)")
      let run = try GraftProcess.run(arguments + ["-o", output, "--json"])
      #expect(try schema(command).problems(in: JSON.parse(run.output, path: command)) == [])
    }
    let run = folder.path("evaluate")
    let compared = try GraftProcess.run("compare", run, run, "--json")
    #expect(try schema("compare").problems(in: JSON.parse(compared.output, path: "compare")) == [])
  }

  @Test func failedVerificationConforms() throws {
    let expected = Repository.fixture("trained/imdb-bert-1/expected.safetensors")
    let run = try GraftProcess.run("verify", "imdb-bert-1", "--expected", expected, "--tolerance", "0", "--json")
    #expect(run.status == 1)
    let value = try JSON.parse(run.output, path: "output")
    #expect(value["passed"] == false)
    #expect(try schema("verify").problems(in: value) == [])
  }
}
