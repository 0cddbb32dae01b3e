import Files
import Foundation
import TestSupport
import Testing

/// The lens over a dataset.
@Suite struct LensCorpusTests {
  static let gpt2 = [
    "lens", "imdb-gpt2-narrow", "--dataset", ShortRun.reviews, "--limit", "30", "--max-length", "48", "-t", "2",
  ]
  static let bert = ["lens", "imdb-bert-1"] + gpt2.dropFirst(2)

  @Test(arguments: [gpt2, bert]) func aKilledRunResumedHasTheSameBytes(_ arguments: [String]) throws {
    let folder = try TemporaryFolder()
    _ = try GraftProcess.run(arguments + ["-o", folder.path("whole")])
    let whole = try ShortRun.contents(folder.path("whole"))
    #expect(Set(whole.keys) == ["run.json", "results.json", "texts.jsonl"])
    let run = folder.path("killed")
    try ShortRun.runAndKill(arguments + ["-o", run], folder: run, afterBytes: 0)
    let resumed = try GraftProcess.run(arguments + ["-o", run, "--resume", "--json"])
    #expect(resumed.hasOnlyNotes, "\(resumed.error)")
    #expect(try ShortRun.contents(run) == whole)
    #expect(resumed.output == (whole["results.json"].map { String(decoding: $0, as: UTF8.self) }))
    #expect(try GraftProcess.run(arguments + ["-o", run, "--resume", "--json"]).output == resumed.output)
    #expect(try GraftProcess.run(arguments + ["--json"]).output == resumed.output)
  }

  /// The means are those of the prompts, read one by one.
  @Test func isTheMeanOverPrompts() throws {
    let folder = try TemporaryFolder()
    let texts = ["This movie was a waste of time", "I watched this"]
    let lines = texts.enumerated().map { "{\"id\": \"\($0)\", \"label\": 0, \"text\": \"\($1)\"}" }
    let path = try folder.write(lines.joined(separator: "\n"), to: "t.jsonl")
    let found = try GraftProcess.run("lens", "imdb-gpt2-wide", "--dataset", path, "--json").json()
    var entropies: [[Double]] = []
    var losses: [[Double]] = []
    for text in texts {
      let result = try GraftProcess.run("lens", "imdb-gpt2-wide", "--text", text, "--json").json()["results"].item(0)
      let levels = try result["levels"].array().map { try $0["places"].array().dropLast() }
      if entropies.isEmpty { (entropies, losses) = (levels.map { _ in [] }, levels.map { _ in [] }) }
      for (index, places) in levels.enumerated() {
        entropies[index] += try places.map { try $0["entropy"].double() }
        losses[index] += try places.map { -(try $0["truth"]["logprob"].double()) }
      }
    }
    // Each predicted token stands for its bytes and those before it, so all but the first token's count.
    let bytes = texts[0].utf8.count - "This".utf8.count + texts[1].utf8.count - "I".utf8.count
    #expect(try found["bytes"].int() == bytes && found["places"].int() == entropies[0].count)
    for (index, level) in try found["levels"].array().enumerated() {
      let (loss, places) = (losses[index].reduce(0, +), Double(entropies[index].count))
      expectClose(
        [try level["entropy"].double(), try level["loss"].double(), try level["bits_per_byte"].double()],
        [entropies[index].reduce(0, +) / places, loss / places, loss / log(2) / Double(bytes)], absolute: 1e-5,
        relative: 1e-5, "level \(index)")
    }
  }

  @Test func masksTheSameTokensInEveryPart() throws {
    let folder = try TemporaryFolder()
    func texts(_ options: [String], _ name: String) throws -> [String: String] {
      let run = folder.path(name)
      let result = try GraftProcess.run(Self.bert + options + ["-o", run])
      #expect(result.status == 0, "\(result.error)")
      return Dictionary(
        uniqueKeysWithValues: try ShortRun.lines(run + "/texts.jsonl").map {
          (try $0["id"].string(), try "\($0["places"].int()) \($0["bytes"].int())")
        })
    }
    let all = try texts([], "all")
    let few = try texts(["--limit", "10"], "few")
    #expect(few.count == 10 && few.allSatisfy { all[$0.key] == $0.value })
    #expect(try texts(["--seed", "7"], "seed").values.sorted() != all.values.sorted())
    let more = try texts(["--mask-share", "0.5"], "more")
    #expect(try ShortRun.lines(folder.path("more") + "/texts.jsonl").map { try $0["places"].int() }.max() == 23)
    #expect(more.keys == all.keys)
  }

  @Test(arguments: [
    (["--dataset", ShortRun.reviews, "--text", "a"], 64, "--text does nothing with --dataset"),
    (["--dataset", ShortRun.reviews, "--target", "a"], 64, "--target does nothing with --dataset"),
    (["--text", "a", "-o", "run"], 64, "--dataset"), (["--dataset", "nowhere.jsonl"], 1, "nowhere.jsonl"),
    (["--dataset", ShortRun.reviews, "--mask-share", "0"], 64, "--mask-share"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let run = try GraftProcess.run(["lens", "imdb-gpt2-narrow"] + arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(advice), "\(run.error)")
  }

  @Test func textsOfOneTokenPredictNothing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("{\"id\": \"a\", \"label\": 0, \"text\": \"a\"}", to: "t.jsonl")
    let run = try GraftProcess.run("lens", "imdb-gpt2-narrow", "--dataset", path)
    #expect(run.status == 1 && run.error.contains("at least two tokens"), "\(run.error)")
  }

  @Test func drawsTheLevels() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(Self.gpt2 + ["--show", "loss", "--svg", folder.path("a.svg")])
    #expect(run.output.contains("bias KL") && run.output.contains("blocks, 95% interval"))
    let svg = try String(contentsOfFile: folder.path("a.svg"), encoding: .utf8)
    #expect(svg.contains("cross-entropy in nats") && svg.contains("95% interval"))
  }
}
