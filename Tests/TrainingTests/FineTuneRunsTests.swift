import Checkpoints
import DenseMath
import Evaluation
import Files
import Foundation
import Synchronization
import TestSupport
import Testing
import Tokenization
import Training
import Transformer

/// Fine-tuning runs in folders, called as a library's user calls them.
@Suite struct FineTuneRunsTests {
  private func runs(
    _ directory: String, of source: String = Places.model("imdb-bert-1"), resume: Bool = false,
    progress: ProgressHandler = .none
  ) throws -> FineTuneRuns {
    let model = try Model(directory: source)
    let path = Places.tests.deletingLastPathComponent().appendingPathComponent("evaluation/imdb/train.jsonl").path
    let all = try EncodedReviews(
      Dataset.read(path).subset(limit: 24, seed: 1), tokenizer: model.tokenizer(), cleaning: .br, maxLength: 24,
      threads: Threads(1))
    return FineTuneRuns(
      model, train: all.part(0, of: 2), test: all.part(1, of: 2),
      plan: .init(kind: .cls, labels: ["bad", "good"], cleaning: .br, blocks: 1, trainsWeightsOnly: false) { seed in
        FineTuningSettings(epochs: 2, batchSize: 4, learningRate: 1e-3, seed: seed)
      },
      storage: .init(directory: directory, resume: resume, cacheBytes: 1 << 20, cacheKey: "key", checkpointEvery: 2),
      threads: Threads(2), progress: progress
    ) { seed, members in try JSON(encoding: ["seed": seed] as JSONMembers + members) }
  }

  private func contents(_ folder: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return try names.reduce(into: [:]) { contents, name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
      if !isFolder.boolValue { contents[name] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)) }
    }
  }

  @Test func aCancelledRunResumedHasTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let whole = try runs(folder.path("whole")).run(seed: 3)
    #expect(whole["steps"] == .integer(6) && whole["n"] == .integer(12))
    let steps = Mutex(0)
    let stopping = ProgressHandler { work in
      { event in if work.unit == "steps", case .done = event { steps.withLock { $0 += 1 } } }
    } isCancelled: {
      steps.withLock { $0 == 4 }
    }
    #expect(throws: CancellationError.self) { try runs(folder.path("stopped"), progress: stopping).run(seed: 3) }
    #expect(steps.withLock { $0 } == 4)
    #expect(throws: RunError.self) { try runs(folder.path("stopped")).run(seed: 3) }
    let resumed = try runs(folder.path("stopped"), resume: true).run(seed: 3)
    #expect(resumed == whole)
    let files = try contents(folder.path("whole"))
    #expect(Set(files.keys).isSuperset(of: ["model.safetensors", "config.json", "predictions.jsonl", "results.json"]))
    #expect(!files.keys.contains { $0.hasPrefix("frozen-") || $0 == "state.safetensors" })
    #expect(try contents(folder.path("stopped")) == files)
  }

  /// Whatever file the tokenizer may be read from, the tuned model has it too.
  @Test func everyFileOfTheTokenizerIsCopied() throws {
    let folder = try TemporaryFolder()
    let source = Places.model("imdb-bert-1")
    let files = try FileManager.default.contentsOfDirectory(atPath: source)
    _ = try folder.write("", to: "model/empty")
    for name in files {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("model/" + name), withDestinationPath: source + "/" + name)
    }
    let others = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model", "sentencepiece.model"]
    for name in others { _ = try folder.write(name, to: "model/" + name) }
    _ = try runs(folder.path("tuned"), of: folder.path("model")).run(seed: 3)
    for name in others { #expect(try folder.bytes("tuned/" + name) == Array(name.utf8)) }
  }

  /// A seed among several is the run of that seed alone, and the folder above sums them up.
  @Test func severalSeedsAreTheirSingleRuns() throws {
    let folder = try TemporaryFolder()
    let all = try JSONNode(runs(folder.path("all")).run(seeds: [3, 4]), path: "")
    let one = try JSONNode(runs(folder.path("one")).run(seed: 3), path: "")
    #expect(try all["runs"].array()[0]["loss"].double() == one["loss"].double())
    let accuracies = try all["runs"].array().map { try $0["accuracy"].double() }
    #expect(try all["accuracy_mean"].double() == accuracies.reduce(0, +) / 2)
    #expect(try all["accuracy_max"].double() == accuracies.max())
    #expect(try contents(folder.path("all/seed-3")) == contents(folder.path("one")))
  }
}
