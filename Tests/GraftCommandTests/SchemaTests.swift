import Files
import Foundation
import TestSupport
import Testing

/// What the commands print, against the schemas in docs/schemas.
@Suite struct SchemaTests {
  /// Every command that prints JSON has a schema of its name, or prints what another one does; every schema has a command.
  @Test func everyCommandHasItsSchema() throws {
    let leaves = try CommandLeaf.all().filter { $0.arguments.contains { $0.option == "--json" } }
    let commands = Set(leaves.map(\.name)).subtracting(Self.printsWhatAnotherDoes)
    let files = try FileManager.default.contentsOfDirectory(atPath: Repository.path + "/docs/schemas")
    let titles = try files.map { file in
      let title = try JSONNode.read(Repository.path + "/docs/schemas/" + file)["title"].string()
      let words = try #require(title.hasPrefix("graft ") ? title.dropFirst(6) : nil, "\(file): \(title)")
      #expect(file == Repository.schemaFile(String(words)))
      _ = try Repository.schema(String(words))
      return String(words)
    }
    #expect(Set(titles) == commands.union(Self.printedWithAnOption.keys))
    for (title, option) in Self.printedWithAnOption {
      let leaf = try #require(leaves.first { "\($0.name) \(option)" == title })
      #expect(leaf.arguments.contains { $0.option == option })
    }
  }

  /// Commands whose object is that of another command.
  private static let printsWhatAnotherDoes = ["experiment merge"]
  /// Schemas of what a command prints when an option is given, and the option.
  private static let printedWithAnOption = [
    "experiment stitch --point": "--point", "finetune --seeds": "--seeds", "lens --patch-sweep": "--patch-sweep",
    "lens --ablate-sweep": "--ablate-sweep", "forward --sites": "--sites",
  ]

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
    [
      "lens", "imdb-bert-1", "--text", "a [MASK] film", "--attribute", "--target", "good", "--versus", "bad",
      "--ablate",
      "L1H0=mean", "--patch", "L2@2=from:a good film", "--unchanged", "--top", "1",
    ],
    ["lens", "imdb-gpt2-wide", "--text", "a", "--attribute", "--patch", "embed=from:b"],
    LensCorpusTests.gpt2, LensCorpusTests.bert + ["--sublayers"],
    ["lens-classifier", "imdb-bert-1-sentiment", "--text", "good", "--text", "bad"],
    ["lens-classifier", "imdb-gpt2-narrow-sentiment", "--dataset", ShortRun.reviews, "--limit", "20", "-t", "2"],
    ["project", "imdb-gpt2-wide", "--ff-key", "L0:1", "--output", "L1H2:3", "--fold-norm", "--top", "2"],
    ["project", "imdb-bert-1", "--head", "L0H0", "--matrix", "qk", "--inverse", "pinv", "--lowest", "--top", "3"],
    ["project", "imdb-bert-1", "--head", "L0H0", "--svd", "--top", "2"],
    ["project", "imdb-gpt2-wide", "--layer", "1", "--matrix", "v", "--svd", "--top", "2", "--directions", "2"],
    ["project", "imdb-gpt2-narrow-sentiment", "--against", "imdb-gpt2-narrow", "--top", "5"],
    ["classify", "imdb-bert-1-sentiment", "--text", "good", "--text", "bad"],
    ["align", "imdb-bert-1", "imdb-bert-2", "imdb-bert-1-sentiment", "--groups", "W_K,W_O", "--vectors", "2"],
    ["align", "imdb-gpt2-wide", "imdb-gpt2-narrow"],
    ["experiment", "keep-k", "imdb-bert-1", "-n", "40", "--k", "10,8192"],
    ["experiment", "keep-k", "imdb-gpt2-wide", "-n", "40", "--k", "5", "--dataset", ShortRun.reviews, "--limit", "4"],
    ["experiment", "recall", "imdb-gpt2-wide", "--positions", "30", "--dataset", ShortRun.reviews, "--limit", "4"],
    ["experiment", "related-pairs", "imdb-bert-1", "--draws", "2"],
    ["experiment", "key-value-overlap", "imdb-gpt2-wide", "--threshold", "0.1"],
    ["verify", "imdb-bert-1", "--expected", Repository.fixture("trained/imdb-bert-1/expected.safetensors")], ["env"],
    ["models"],
  ])
  func outputConforms(_ arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(arguments + ["--json"], directory: folder.path)
    #expect(run.status == 0, "\(run.error)")
    let value = try JSON.parse(run.output, path: "output")
    let command = arguments[0] == "experiment" ? "experiment " + arguments[1] : arguments[0]
    #expect(try Repository.schema(command).problems(in: value) == [])
    if command != "tokenize" {
      let changed = ["lens", "experiment key-value-overlap"]
      #expect(value["schema"] == (changed.contains(command) ? 2 : 1))
      #expect(value["command"] == .string(command))
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
      #expect(try Repository.schema("lens").problems(in: JSON.parse(run.output, path: "lens")) == [])
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
      #expect(try Repository.schema(command).problems(in: JSON.parse(run.output, path: command)) == [])
    }
    let run = folder.path("evaluate")
    let compared = try GraftProcess.run("compare", run, run, "--json")
    #expect(try Repository.schema("compare").problems(in: JSON.parse(compared.output, path: "compare")) == [])
  }

  @Test func atlasesConform() throws {
    let folder = try TemporaryFolder()
    for arguments in [
      ["build", "imdb-bert-1"], ["build", "imdb-bert-1"], ["search", "film"], ["show"], ["show", "L3H1"],
      ["show", "L0:3"], ["show", "L0H0:3"], ["export", "--html", "pages"],
      ["build", "imdb-bert-1", "--svd", "2", "-o", "directions"], ["search", "film", "--atlas", "directions"],
      ["show", "L3H1", "--atlas", "directions"], ["show", "L1", "--atlas", "directions"],
    ] {
      let run = try GraftProcess.run(["atlas"] + arguments + ["--json"], directory: folder.path)
      let value = try JSON.parse(run.output, path: "output")
      #expect(try Repository.schema("atlas " + arguments[0]).problems(in: value) == [], "\(arguments)")
      #expect(value["command"] == .string("atlas " + arguments[0]))
    }
  }

  @Test func failedVerificationConforms() throws {
    let expected = Repository.fixture("trained/imdb-bert-1/expected.safetensors")
    let run = try GraftProcess.run("verify", "imdb-bert-1", "--expected", expected, "--tolerance", "0", "--json")
    #expect(run.status == 1)
    let value = try JSON.parse(run.output, path: "output")
    #expect(value["passed"] == false)
    #expect(try Repository.schema("verify").problems(in: value) == [])
  }
}
