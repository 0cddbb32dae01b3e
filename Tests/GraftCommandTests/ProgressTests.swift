import Files
import Foundation
import TestSupport
import Testing

@Suite struct ProgressTests {
  private static let evaluate = [
    "evaluate", "imdb-bert-1-sentiment", "--dataset", ShortRun.reviews, "--limit", "400", "--max-length", "64", "-t",
    "1",
  ]
  private static let text = String(repeating: "a film that nobody should have to sit through twice ", count: 4)
  private static let attribute = ["attribute", "imdb-bert-1", "--text", text, "--exact", "-t", "1"]
  private static let note =
    "graft: note: test.jsonl: 395 of 400 texts truncated to 64 tokens (--max-length, at most what the model reads)\n"
  private static let fast = ["--progress-interval", "0.02"]

  @Test func aPipeGetsPlainLines() throws {
    let run = try GraftProcess.run(Self.evaluate + Self.fast)
    #expect(run.status == 0)
    let lines = run.error.replacing(Self.note, with: "").split(separator: "\n")
    let pattern = /graft: progress: evaluate: ([0-9]+)\/[0-9]+ batches, ([0-9]+)%, [0-9.]+ s elapsed(, [0-9.]+ s left)?/
    let counted = lines.compactMap { $0.wholeMatch(of: pattern) }.compactMap { Int($0.1) }
    #expect(counted.count >= 3)
    #expect(counted == counted.sorted() && Set(counted).count >= 2)
    #expect(lines.allSatisfy { $0.hasPrefix("graft: progress: ") })
    #expect(!run.error.contains("\r") && !run.error.contains("\u{1B}"))
    #expect(try GraftProcess.run(Self.evaluate).output == run.output)
  }

  @Test func noneIsSilentAndSoIsAShortRun() throws {
    #expect(try GraftProcess.run(Self.evaluate + ["--progress", "none"]).error == Self.note)
    #expect(try GraftProcess.run(Self.evaluate).error == Self.note)
    #expect(try TerminalProcess.run(Self.attribute + ["--progress", "none"]).screen.contains("directions/s") == false)
  }

  @Test func aTerminalGetsALineThatIsRedrawn() throws {
    let (status, screen) = try TerminalProcess.run(Self.attribute + Self.fast)
    #expect(status == 0)
    let states = screen.components(separatedBy: "\r\u{1B}[K").dropFirst()
    #expect(states.count >= 3)
    #expect(states.contains { $0.hasPrefix("attribute  ") && $0.contains("directions/s") })
    // The line is gone before the result comes.
    #expect(states.last?.contains("Hidden token attribution") == true)
    #expect(states.dropLast().allSatisfy { !$0.contains("\n") })
    #expect(!screen.contains("graft: progress:"))
  }

  @Test(arguments: [(["--progress", "plain"], [:]), ([], ["TERM": "dumb"])])
  func aTerminalGetsPlainLinesWhereItMust(arguments: [String], environment: [String: String]) throws {
    let (status, screen) = try TerminalProcess.run(Self.attribute + Self.fast + arguments, environment: environment)
    #expect(status == 0)
    #expect(screen.contains("graft: progress: attribute: ") && screen.contains(" directions, "))
    #expect(!screen.contains("\u{1B}[K"))
  }

  @Test func theOptionsAreChecked() throws {
    for arguments in [
      ["--progress", "none"] + Self.fast, ["--progress", "often"], ["--progress-interval", "0"],
      ["--progress-interval", "nan"],
    ] {
      #expect(try GraftProcess.run(Self.evaluate + arguments).status == 64)
    }
  }

  /// A command that has the option shows what it is doing: none is blank for long.
  @Test func everyCommandThatMayTakeLongShowsProgress() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    _ = try folder.write(
      """
      {"schema": 1, "models": [{"pretrained": ["imdb-bert-2"], "finetuned": ["imdb-bert-1-sentiment"]}], \
      "dataset": "\(ShortRun.reviews)", "limit": 40, "max_length": 32, "keep": [2, 3], "transplant": [2], "maps": ["pinv"], \
      "draws": 1}
      """, to: "grid.json")
    let few = try ShortRun.fewReviews(folder)
    let data = ["--dataset", few, "--max-length", "48"]
    let bert = "imdb-bert-1"
    let classifier = "imdb-bert-1-sentiment"
    let commands: [(name: String, arguments: [String])] = [
      ("inspect", ["inspect", bert]), ("tokenize", ["tokenize", bert, "--file", ShortRun.reviews]),
      ("forward", ["forward", bert, "--text", Self.text, "-o", path + "/forward.safetensors"]),
      ("predict", ["predict", bert, "--text", "a [MASK] film"]),
      ("lens", ["lens", bert, "--text", Self.text]),
      ("lens-fit", ["lens-fit", bert] + data + ["-o", path + "/lens.safetensors"]),
      ("lens-classifier", ["lens-classifier", classifier] + data),
      ("identify", ["identify", bert, "--text", Self.text]), ("attribute", ["attribute", bert, "--text", Self.text]),
      ("project", ["project", bert, "--head", "L0H0"]),
      ("atlas build", ["atlas", "build", bert, "-o", path + "/atlas", "--top-pairs", "2", "--top", "2"]),
      ("atlas export", ["atlas", "export", "--html", path + "/pages", "--atlas", path + "/atlas"]),
      ("align", ["align", bert, "imdb-bert-2", "--groups", "K"]),
      ("classify", ["classify", classifier, "--text", Self.text]),
      ("evaluate", ["evaluate", classifier, "-o", path + "/run"] + data),
      ("compare", ["compare", path + "/run", path + "/run"]),
      (
        "finetune",
        ["finetune", bert, "--epochs", "1", "--unfreeze", "0", "--hold-out", "0.5", "-o", path + "/tuned"]
          + ["--dataset", ShortRun.reviews, "--limit", "30", "--max-length", "48"]
      ),
      (
        "stitch",
        ["stitch", "--pretrained", "imdb-bert-2", "--finetuned", classifier, "--keep", "2", "--transplant", "2"]
          + ["--maps", "pinv", "-o", path + "/stitch"] + data
      ),
      ("experiment stitch", ["experiment", "stitch", path + "/grid.json", "--shard", "1/2", "-o", path + "/part1"]),
      ("experiment merge", ["experiment", "merge", path + "/part1", path + "/part2", "-o", path + "/whole"]),
      ("experiment keep-k", ["experiment", "keep-k", bert, "-n", "20"]),
      ("experiment recall", ["experiment", "recall", bert, "--positions", "20"] + data),
      ("experiment related-pairs", ["experiment", "related-pairs", bert]),
      ("experiment key-value-overlap", ["experiment", "key-value-overlap", bert]),
      ("models", ["models"]), ("pull", ["pull", "tiny/bert"]),
      ("convert", ["convert", bert, "-o", path + "/copy"]),
      ("verify", ["verify", bert, "--expected", path + "/states.safetensors"]),
    ]
    let help = JSONNode(
      try JSON.parse(try GraftProcess.run("--experimental-dump-help").output, path: "help"), path: "help")
    #expect(try Self.names(help["command"], "").sorted() == commands.map(\.name).sorted())
    _ = try GraftProcess.run(["forward", bert, "--text", Self.text, "-o", path + "/states.safetensors"])
    _ = try GraftProcess.run(["experiment", "stitch", path + "/grid.json", "--shard", "2/2", "-o", path + "/part2"])
    let hub = try HubServer(HubCommandTests.repository("tiny/bert", commit: "a1", of: "imdb-bert-1"))
    let environment = ["HF_HUB_OFFLINE": "", "HF_HOME": path + "/home", "HF_ENDPOINT": hub.endpoint]
    for (name, arguments) in commands {
      let run = try GraftProcess.run(arguments + ["--progress-interval", "0.001"], environment: environment)
      #expect(run.status == 0, "\(name): \(run.error)")
      // What is already computed may be compared or merged before anything can be shown.
      #expect(["compare", "experiment merge"].contains(name) || run.error.contains("graft: progress: "), "\(name)")
    }
  }

  /// The commands that have --progress.
  private static func names(_ command: JSONNode, _ parent: String) throws -> [String] {
    let name = parent + (try command["commandName"].string())
    let options = command["arguments"].isPresent ? try command["arguments"].array() : []
    let has = try options.contains {
      let value = $0["valueName"]
      return try value.isPresent && value.string() == "form"
    }
    let inner = command["subcommands"].isPresent ? try command["subcommands"].array() : []
    return (has ? [name] : []) + (try inner.flatMap { try names($0, name == "graft" ? "" : name + " ") })
  }
}
