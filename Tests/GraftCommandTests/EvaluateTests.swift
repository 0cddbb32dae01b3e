import Files
import Foundation
import TestSupport
import Testing

/// `graft evaluate` and `graft compare` as processes.
@Suite struct EvaluateTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func scoresWhatItPredicts() throws {
    let run = folder.path("run")
    let result = try GraftProcess.run(ShortRun.evaluate + ["-o", run, "--json"]).json()
    let predictions = try ShortRun.lines(run + "/predictions.jsonl")
    let n = try result["n"].int()
    let correct = try predictions.filter { try $0["label"].int() == $0["predicted"].int() }.count
    #expect(n == 60 && predictions.count == 60)
    #expect(try result["correct"].int() == correct)
    #expect(try result["accuracy"].double() == Double(correct) / 60)
    let confusion = try result["confusion"].array().map { try $0.ints() }
    #expect(confusion.flatMap { $0 }.reduce(0, +) == 60)
    #expect(confusion[0].reduce(0, +) == 30, "the subset is stratified")
    #expect(confusion[0][0] + confusion[1][1] == correct)
    // Wilson's interval from its formula.
    let (p, z) = (Double(correct) / 60, 1.959963984540054)
    let centre = (p + z * z / 120) / (1 + z * z / 60)
    let half = z * (p * (1 - p) / 60 + z * z / 14400).squareRoot() / (1 + z * z / 60)
    let interval = try result["ci95"].doubles()
    #expect(abs(interval[0] - (centre - half)) < 1e-12 && abs(interval[1] - (centre + half)) < 1e-12)
    #expect(try result["truncated"].int() == (try predictions.filter { try $0["truncated"].bool() }.count))
    #expect(try predictions.allSatisfy { try $0["tokens"].int() <= 64 })
    // -log softmax of the label, averaged.
    let losses = try predictions.map { line -> Double in
      let logits = try line["logits"].doubles().map { Double(Float($0)) }  // the decimals stand for Float32
      let (own, other) = (logits[try line["label"].int()], logits[1 - (try line["label"].int())])
      return log(1 + exp(other - own))
    }
    #expect(abs(try result["loss"].double() - losses.reduce(0, +) / 60) < 1e-9)
    for key in ["graft_version", "model_sha256", "dataset_sha256"] { #expect(try !result[key].string().isEmpty) }
    #expect(try result["seed"].int() == 42)
    #expect(try result["options"]["text_cleaning"].string() == "br")
    #expect(try JSONNode.read(run + "/results.json").value == result.value)
  }

  @Test func aKilledRunResumedHasTheSameBytes() throws {
    _ = try GraftProcess.run(ShortRun.evaluate + ["-o", folder.path("whole")])
    let whole = try ShortRun.contents(folder.path("whole"))
    #expect(Set(whole.keys) == ["run.json", "results.json", "predictions.jsonl"])
    for (index, bytes) in [0, 2000].enumerated() {
      let run = folder.path("killed\(index)")
      try ShortRun.runAndKill(ShortRun.evaluate + ["-o", run], folder: run, afterBytes: bytes)
      let resumed = try GraftProcess.run(ShortRun.evaluate + ["-o", run, "--resume"])
      #expect(resumed.status == 0, "\(resumed.error)")
      #expect(resumed.hasOnlyNotes, "no progress of a short run: \(resumed.error)")
      #expect(try ShortRun.contents(run) == whole)
      let again = try GraftProcess.run(ShortRun.evaluate + ["-o", run, "--resume"])
      #expect(again.output == resumed.output)
    }
  }

  @Test func aFolderIsForOneRun() throws {
    let run = folder.path("run")
    _ = try GraftProcess.run(ShortRun.evaluate + ["-o", run])
    let again = try GraftProcess.run(ShortRun.evaluate + ["-o", run])
    #expect(again.status == 1 && again.error.contains("--resume"))
    let other = try GraftProcess.run(ShortRun.evaluate + ["-o", run, "--resume", "--seed", "7"])
    #expect(other.status == 1 && other.error.contains("seed is 42 there and 7 now"))
  }

  @Test func aFullDiskLosesNothing() throws {
    let run = folder.path("run")
    // 8 blocks of 512 bytes: the stamp and some batches fit, the predictions do not.
    let full = try GraftProcess.run(ShortRun.evaluate + ["-o", run], fileBlocks: 8)
    #expect(full.status == 1 && full.error.contains("cannot write"), "\(full.error)")
    #expect(try GraftProcess.run(ShortRun.evaluate + ["-o", run, "--resume"]).status == 0)
    _ = try GraftProcess.run(ShortRun.evaluate + ["-o", folder.path("whole")])
    #expect(try ShortRun.contents(run) == ShortRun.contents(folder.path("whole")))
  }

  @Test func readsFoldersAndTables() throws {
    for (name, text) in [("pos/1_9.txt", "a wonderful, moving film"), ("neg/2_1.txt", "a boring waste of time")] {
      try FileManager.default.createDirectory(
        atPath: folder.path("aclImdb/test/" + name.prefix(3)), withIntermediateDirectories: true)
      try text.write(toFile: folder.path("aclImdb/test/" + name), atomically: true, encoding: .utf8)
    }
    try "review,sentiment\n\"a wonderful, moving film\",positive\na boring waste of time,negative\n"
      .write(toFile: folder.path("reviews.csv"), atomically: true, encoding: .utf8)
    let results = try [folder.path("aclImdb"), folder.path("reviews.csv")].map {
      try GraftProcess.run("evaluate", "imdb-bert-1-sentiment", "--dataset", $0, "--json").json()
    }
    #expect(try results.map { try $0["n"].int() } == [2, 2])
    #expect(try abs(results[0]["loss"].double() - results[1]["loss"].double()) < 1e-6)
  }

  @Test func saysWhatCannotBeScored() throws {
    try #"{"id": "a", "text": "", "label": 0}"#.write(
      toFile: folder.path("empty.jsonl"), atomically: true, encoding: .utf8)
    try #"{"id": "a", "text": "good", "label": 5}"#.write(
      toFile: folder.path("five.jsonl"), atomically: true, encoding: .utf8)
    let cases: [([String], Int32, String)] = [
      (
        ["evaluate", "imdb-gpt2-narrow-sentiment", "--dataset", folder.path("empty.jsonl")], 1,
        "a: the text has no token"
      ),
      (
        ["evaluate", "imdb-bert-1-sentiment", "--dataset", folder.path("five.jsonl")], 1,
        "five.jsonl (a): expected a label among the 2 classes of imdb-bert-1-sentiment (negative, positive), found 5"
      ),
      (["evaluate", "imdb-bert-1-sentiment", "--dataset", folder.path("none.jsonl")], 1, "no such file"),
      (["evaluate", "imdb-bert-1", "--dataset", ShortRun.reviews], 1, "has no classifier"),
      (["evaluate", "imdb-bert-1-sentiment"], 64, "--dataset"),
      (["evaluate", "imdb-bert-1-sentiment", "--dataset", ShortRun.reviews, "--limit", "0"], 64, "--limit"),
      (["compare", folder.path("no"), folder.path("run")], 1, "no such file"),
    ]
    for (arguments, status, message) in cases {
      let run = try GraftProcess.run(arguments)
      #expect(run.status == status && run.error.contains(message), "\(arguments): \(run.error)")
    }
  }

  /// Paired by review: the table of who was right, from the predictions themselves.
  @Test func comparesTwoRuns() throws {
    let (first, second) = (folder.path("first"), folder.path("second"))
    _ = try GraftProcess.run(ShortRun.evaluate + ["-o", first])
    var arguments = ShortRun.evaluate + ["-o", second]
    arguments[1] = "imdb-gpt2-narrow-sentiment"
    _ = try GraftProcess.run(arguments)
    let result = try GraftProcess.run("compare", first, second, "--json").json()
    let right = try [first, second].map { run in
      try ShortRun.lines(run + "/predictions.jsonl").map { try $0["label"].int() == $0["predicted"].int() }
    }
    let onlyFirst = zip(right[0], right[1]).filter { $0 && !$1 }.count
    let onlySecond = zip(right[0], right[1]).filter { !$0 && $1 }.count
    #expect(try result["only_first_correct"].int() == onlyFirst)
    #expect(try result["only_second_correct"].int() == onlySecond)
    #expect(try result["n"].int() == 60)
    #expect(try result["difference"].double() == Double(onlySecond - onlyFirst) / 60)
    let interval = try result["ci95"].doubles()
    #expect(interval[0] < interval[1])
  }
}
