import Checkpoints
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// `graft finetune` as a process.
@Suite struct FineTuneTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let train = Repository.path + "/evaluation/imdb/train.jsonl"
  private static let short = [
    "finetune", "imdb-gpt2-narrow", "--dataset", train, "--limit", "40", "--test", ShortRun.reviews, "--test-limit",
    "20", "--unfreeze", "1", "--batch", "4", "--learning-rate", "2e-3", "--max-length", "32", "-t", "2",
  ]

  @Test func makesAClassifier() throws {
    let run = folder.path("run")
    let result = try GraftProcess.run(Self.short + ["-o", run, "--labels", "bad,good", "--json"]).json()
    #expect(try Repository.schema("finetune").problems(in: try #require(result.value)) == [])
    #expect(try JSONNode.read(run + "/results.json").value == result.value)
    #expect(
      Set(try ShortRun.contents(run).keys) == [
        "config.json", "merges.txt", "model.safetensors", "predictions.jsonl", "results.json", "run.json",
        "tokenizer_config.json", "vocab.json",
      ])
    #expect(try result["losses"].array().count == 20 && result["steps"].int() == 20)
    #expect(try result["epochs"].array().count == 2)
    #expect(try result["trained_parameters"].int() == 198_272 + 258)
    // What it wrote is scored as it was.
    let scored = try GraftProcess.run(
      "evaluate", run, "--dataset", ShortRun.reviews, "--limit", "20", "--max-length", "32", "-t", "2", "--json"
    ).json()
    for key in ["accuracy", "loss", "confusion"] { #expect(scored[key].value == result[key].value) }
    let labelled = try GraftProcess.run("classify", run, "--text", "a great film", "--json").json()
    #expect(try labelled["labels"].strings() == ["bad", "good"])
  }

  @Test func aKilledRunResumedHasTheSameBytes() throws {
    _ = try GraftProcess.run(Self.short + ["-o", folder.path("whole")])
    let whole = try ShortRun.contents(folder.path("whole"))
    // The first kill falls between two states of the first epoch, the second after its scores.
    for (index, (file, bytes)) in [("state.safetensors", 0), ("journal", 3000)].enumerated() {
      let run = folder.path("killed\(index)")
      try ShortRun.runAndKill(
        Self.short + ["-o", run, "--checkpoint-every", "3"], folder: run, file: file, afterBytes: bytes)
      // Another bound of the cache and another distance of states change nothing.
      let resumed = try GraftProcess.run(Self.short + ["-o", run, "--resume", "--cache", "\(index)"])
      #expect(resumed.status == 0, "\(resumed.error)")
      #expect(try ShortRun.contents(run) == whole)
    }
    let again = try GraftProcess.run(Self.short + ["-o", folder.path("whole"), "--resume"])
    #expect(again.status == 0 && again.output.contains("accuracy"))
    let other = try GraftProcess.run(Self.short + ["-o", folder.path("whole"), "--resume", "--epochs", "3"])
    #expect(other.status == 1 && other.error.contains("options.epochs is 2 there and 3 now"), "\(other.error)")
  }

  /// One folder a seed and one result over all; --hold-out takes its texts from the data set.
  @Test func severalSeeds() throws {
    let run = folder.path("runs")
    let lines = try String(contentsOfFile: Self.train, encoding: .utf8).split(separator: "\n")
    let few = try folder.write((lines.prefix(15) + lines.suffix(15)).joined(separator: "\n") + "\n", to: "few.jsonl")
    let arguments = [
      "finetune", "imdb-bert-1", "--dataset", few, "--hold-out", "0.3", "--unfreeze", "0",
      "--epochs", "1", "--max-length", "24", "--labels", "a,b", "--seeds", "1..2", "-o", run, "-t", "2",
    ]
    let result = try GraftProcess.run(arguments + ["--json"]).json()
    #expect(try Repository.schema("finetune --seeds").problems(in: try #require(result.value)) == [])
    let seeds = try [1, 2].map { try JSONNode.read("\(run)/seed-\($0)/results.json") }
    let accuracies = try seeds.map { try $0["accuracy"].double() }
    #expect(try result["accuracy_mean"].double() == accuracies.reduce(0, +) / 2)
    #expect(try result["runs"].array().map { try $0["accuracy"].double() } == accuracies)
    #expect(try seeds[0]["n"].int() == 9 && seeds[0]["training_texts"].int() == 21)
    #expect(seeds[0]["losses"].value != seeds[1]["losses"].value)
    #expect(try FileManager.default.contentsOfDirectory(atPath: run).sorted() == ["results.json", "seed-1", "seed-2"])
  }

  /// The values the paper's notebook has.
  @Test func recipe() throws {
    let run = folder.path("run")
    let result = try GraftProcess.run(
      "finetune", "imdb-gpt2-narrow", "--dataset", Self.train, "--limit", "6", "--test", ShortRun.reviews,
      "--test-limit", "4", "--recipe", "paper", "--max-length", "24", "-o", run, "--json"
    ).json()
    let options = result["options"]
    #expect(try options["batch"].int() == 1 && options["epochs"].int() == 1 && options["unfreeze"].int() == 3)
    #expect(try options["learning_rate"].double() == 1e-5 && options["warmup"].double() == 0)
    #expect(
      try options["weight_decay"].double() == 0 && options["weights_only"].bool() && options["clip"].double() == 1)
    #expect(try options["head"].string() == "mean" && result["steps"].int() == 6)
    let (before, after) = (
      try Checkpoint(directory: Repository.model("imdb-gpt2-narrow")), try Checkpoint(directory: run)
    )
    for entry in after.entries where before.entry(named: entry.name) != nil {
      let moved = try before.floats(entry.name).values != after.floats(entry.name).values
      let isTrained = (1...3).contains { entry.name.contains(".h.\($0).") } && entry.name.hasSuffix("weight")
      #expect(moved == isTrained, "\(entry.name)")
    }
  }

  @Test(arguments: [
    (
      ["--head", "cls", "--test", "no-such-file"],
      "imdb-gpt2-narrow cannot have the head cls; its architecture has mean or last; give --head mean or last", Int32(1)
    ),
    (["--unfreeze", "5"], "give --unfreeze 0 to 4", 1), (["--batch", "0"], "--batch must be at least 1", 64),
    (["--labels", "good"], "--labels must name 2 classes", 64), (["--seeds", "4..1"], "'4..1' is invalid", 64),
    (["--learning-rate", "1e30", "--clip", "0"], "try a smaller --learning-rate", 1),
  ])
  func wrongRequests(_ options: [String], message: String, status: Int32) throws {
    let run = try GraftProcess.run(Self.short + ["-o", folder.path("run")] + options)
    #expect(run.status == status && run.error.contains(message), "\(run.status) \(run.error)")
  }
}
