import Files
import Foundation
import TestSupport
import Testing

@Suite struct LensClassifierTests {
  /// The last level is the classifier itself; GPT-2's pools the mean over tokens.
  @Test(arguments: ["imdb-bert-1-sentiment", "imdb-gpt2-narrow-sentiment"])
  func endsWithTheDecision(_ model: String) throws {
    let text = "a waste of two hours"
    let levels = try GraftProcess.run("lens-classifier", model, "--text", text, "--json").json()["results"].item(0)[
      "levels"
    ].array()
    let blocks = try GraftProcess.run("lens", model, "--text", "a", "--head", "embedding", "--json").json()
    #expect(try levels.count == blocks["results"].item(0)["levels"].array().count)
    let classified = try GraftProcess.run("classify", model, "--text", text, "--json").json()["results"].item(0)
    let last = try #require(levels.last)
    #expect(try last["logits"].doubles() == classified["logits"].doubles())
    #expect(try last["probabilities"].doubles() == classified["probabilities"].doubles())
    #expect(try levels[0]["logits"].doubles() != last["logits"].doubles())
  }

  @Test func endsWithTheAccuracyOfEvaluate() throws {
    let arguments = Array(ShortRun.evaluate.dropFirst())
    let levels = try GraftProcess.run(["lens-classifier"] + arguments + ["--json"]).json()["levels"].array()
    let evaluated = try GraftProcess.run(ShortRun.evaluate + ["--json"]).json()
    let last = try #require(levels.last)
    #expect(try last["accuracy"].double() == evaluated["accuracy"].double())
    #expect(try last["accuracy_ci95"].doubles() == evaluated["ci95"].doubles())
    #expect(try last["agreement"].double() == 1)
    for level in levels {
      let (mean, ends) = (try level["true_probability"].double(), try level["true_probability_ci95"].doubles())
      #expect(ends[0] < mean && mean < ends[1])
    }
  }

  @Test func aKilledRunResumedHasTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let arguments = ["lens-classifier"] + ShortRun.evaluate.dropFirst()
    _ = try GraftProcess.run(arguments + ["-o", folder.path("whole")])
    let whole = try ShortRun.contents(folder.path("whole"))
    #expect(Set(whole.keys) == ["run.json", "results.json", "texts.jsonl"])
    let run = folder.path("killed")
    try ShortRun.runAndKill(arguments + ["-o", run], folder: run, afterBytes: 0)
    let resumed = try GraftProcess.run(arguments + ["-o", run, "--resume", "--json"])
    #expect(try ShortRun.contents(run) == whole)
    #expect(resumed.output == (whole["results.json"].map { String(decoding: $0, as: UTF8.self) }))
    #expect(try GraftProcess.run(arguments + ["-o", run, "--resume", "--json"]).output == resumed.output)
    #expect(try GraftProcess.run(arguments + ["--json"]).output == resumed.output)
  }

  @Test func refusesWhatItCannotRead() throws {
    let model = try GraftProcess.run("lens-classifier", "imdb-bert-1", "--text", "a")
    #expect(model.status == 1 && model.error.contains("classifier"))
    #expect(try GraftProcess.run("lens-classifier", "imdb-bert-1-sentiment").status == 64)
  }
}
