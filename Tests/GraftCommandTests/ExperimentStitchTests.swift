import Files
import Foundation
import TestSupport
import Testing

/// `graft experiment stitch` and `graft experiment merge` as processes.
@Suite struct ExperimentStitchTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two pairs, one with two seams' worth of points, drawn and fitted maps.
  private func definition(_ changes: [String: JSON] = [:]) throws -> String {
    var members: [String: JSON] = [
      "schema": 1,
      "models": [
        ["pretrained": ["imdb-gpt2-wide", "imdb-gpt2-narrow"], "finetuned": ["imdb-gpt2-narrow-sentiment"]]
      ],
      "dataset": .string(ShortRun.reviews), "limit": 40, "max_length": 64, "keep": [0, 2], "transplant": [1, 2],
      "maps": ["pinv", "shuffled", "ridge:0.1"], "draws": 2, "seams": ["plain", "as-published"],
    ]
    members.merge(changes) { $1 }
    let json = JSON.object(members.map { JSON.Member($0.key, $0.value) })
    return try folder.write(json.serialized(), to: "experiment-\(changes.count).json")
  }

  /// Three parts put together are one run, byte for byte; so is a run that was killed and resumed; and a point is
  /// repeated from the results alone, on another number of threads too.
  @Test func partsKillsAndRepeatsLeaveTheSameBytes() throws {
    let file = try definition()
    let whole = folder.path("whole")
    let result = try GraftProcess.run("experiment", "stitch", file, "-o", whole, "-t", "2", "--json").json()
    #expect(try JSONNode.read(whole + "/results.json").value == result.value)
    #expect(try Repository.schema("experiment stitch").problems(in: result.value ?? .null) == [])
    let expected = try ShortRun.contents(whole)
    #expect(Set(expected.keys) == ["predictions.jsonl", "report.html", "results.json", "run.json"])

    var parts: [String] = []
    for index in [2, 1, 3] {
      let part = folder.path("part\(index)")
      let run = try GraftProcess.run(
        "experiment", "stitch", file, "--shard", "\(index)/3", "-o", part, "-t", "2", "--json")
      #expect(try Repository.schema("experiment stitch").problems(in: run.json().value ?? .null) == [])
      parts.append(part)
    }
    let sizes = try parts.map { try JSONNode.read($0 + "/results.json")["points"].array().count }
    #expect(try sizes.reduce(0, +) == result["points"].array().count && sizes.allSatisfy { $0 > 0 })
    let merged = folder.path("merged")
    #expect(
      try GraftProcess.run(["experiment", "merge"] + parts + ["-o", merged, "--json"]).json().value == result.value)
    #expect(try ShortRun.contents(merged) == expected)

    let killed = folder.path("killed")
    let command = ["experiment", "stitch", file, "-o", killed, "-t", "2"]
    try ShortRun.runAndKill(command, folder: killed, afterBytes: 1000)
    #expect(try GraftProcess.run(command + ["--resume"]).status == 0)
    #expect(try ShortRun.contents(killed) == expected)

    for place in [3, try result["points"].array().count - 1] {
      let point = try GraftProcess.run(
        "experiment", "stitch", whole + "/results.json", "--point", "\(place)", "-t", "1", "--json"
      ).json()
      #expect(try point["same"].bool())
      #expect(try point["point"]["accuracy"].double() == result["points"].item(place)["accuracy"].double())
      #expect(try Repository.schema("experiment stitch --point").problems(in: point.value ?? .null) == [])
    }
  }

  /// Two fine-tuned models on one pretrained model are taken together; here the second is the first under another name,
  /// so that every seed says the same. The chosen map is named at each cut.
  @Test func seedsAndChoices() throws {
    let copy = folder.path("copy")
    try FileManager.default.copyItem(
      atPath: Repository.path + "/models/imdb-gpt2-narrow-sentiment", toPath: copy)
    let file = try definition([
      "models": [["pretrained": ["imdb-gpt2-wide"], "finetuned": ["imdb-gpt2-narrow-sentiment", .string(copy)]]],
      "seams": ["plain"], "keep": [1, 3], "transplant": [2], "maps": ["pinv", "auto"], "limit": 20,
      "unlabelled": .string(ShortRun.reviews),
    ])
    let result = try GraftProcess.run("experiment", "stitch", file, "-o", folder.path("run"), "--json").json()
    #expect(try Repository.schema("experiment stitch").problems(in: result.value ?? .null) == [])
    let curves = try result["curves"].array()
    let seeds = try result["seed_curves"].array()
    #expect(try seeds.map { try $0["map"].string() } == ["pinv", "auto"])
    for curve in seeds {
      let own = try curves.filter { try $0["map"].string() == curve["map"].string() }.map {
        try $0["mean_accuracy"].double()
      }
      #expect(try curve["mean_accuracies"].array().map { try $0.double() } == own && own.count == 2)
      #expect(try abs(curve["mean_accuracy"].double() - own[0]) < 1e-12)
      #expect(try curve["cuts"].array().map { try $0["kept"].int() } == [1, 3])
    }
    for point in try result["points"].array() {
      let isChoice = try point["map"].string() == "auto"
      #expect(point["facts"]["chosen"].isPresent == isChoice)
      if isChoice { #expect(try !["", "auto"].contains(point["facts"]["chosen"].string())) }
    }
    let shown = try GraftProcess.run("experiment", "stitch", file, "-o", folder.path("run"), "--resume")
    #expect(shown.output.contains("2 seeds of"))
  }

  /// Every accuracy, curve and comparison follows from the predictions.
  @Test func resultsFollowFromThePredictions() throws {
    let run = folder.path("run")
    let file = try definition([
      "models": [["pretrained": ["imdb-bert-2"], "finetuned": ["imdb-bert-1-sentiment"]]], "seams": ["plain"],
      "keep": [0, 2, 4], "transplant": [2], "maps": ["pinv", "transpose", "random"],
    ])
    let result = try GraftProcess.run("experiment", "stitch", file, "-o", run, "-t", "2", "--json").json()
    let lines = try ShortRun.lines(run + "/predictions.jsonl")
    func right(_ map: String, kept: Int, draw: Int = 0) throws -> [String: Bool] {
      Dictionary(
        uniqueKeysWithValues: try lines.filter {
          try $0["map"].string() == map && $0["kept"].int() == kept && $0["draw"].int() == draw
        }.map { (try $0["id"].string(), try $0["label"].int() == $0["predicted"].int()) })
    }
    let points = try result["points"].array()
    #expect(points.count == 3 * (1 + 1 + 2))
    for point in points {
      let own = try right(point["map"].string(), kept: point["kept"].int(), draw: point["draw"].int())
      #expect(own.count == 40)
      #expect(try point["accuracy"].double() == Double(own.values.count { $0 }) / 40)
    }
    let curves = try result["curves"].array()
    #expect(try curves.map { try $0["map"].string() } == ["pinv", "transpose", "random"])
    for curve in curves {
      let map = try curve["map"].string()
      let own = try points.filter { try $0["map"].string() == map }.map { try $0["accuracy"].double() }
      #expect(try abs(curve["mean_accuracy"].double() - own.reduce(0, +) / Double(own.count)) < 1e-12)
      #expect(try curve["best_accuracy"].double() == own.max())
      #expect(curve["difference"].isPresent == (map != "pinv"))
    }
    let comparisons = try result["comparisons"].array()
    #expect(comparisons.count == 3)
    for comparison in comparisons {
      let kept = try comparison["kept"].int()
      let (first, second) = (try right("pinv", kept: kept), try right("transpose", kept: kept))
      #expect(try comparison["only_first_correct"].int() == first.count { $0.value && second[$0.key] == false })
      #expect(try comparison["only_second_correct"].int() == first.count { !$0.value && second[$0.key] == true })
      #expect(try comparison["p_holm"].double() >= comparison["p_value"].double())
    }
    // What `graft stitch` says about the same points.
    let single = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--dataset", ShortRun.reviews,
      "--limit", "40", "--max-length", "64", "--keep", "0,2,4", "--transplant", "2", "--maps", "pinv,transpose,random",
      "--draws", "2", "-t", "2", "-o", folder.path("single"), "--json"
    ).json()
    let accuracies = try single["points"].array().map { try $0["accuracy"].double() }
    #expect(try points.map { try $0["accuracy"].double() } == accuracies)
    #expect(
      try result["self"].array().map { try $0["accuracy"].double() }
        == single["baselines"]["self"].array().map { try $0["accuracy"].double() })
  }

  @Test func refusesPartsThatDoNotFit() throws {
    let file = try definition(["maps": ["pinv"], "keep": [1], "transplant": [1], "seams": ["plain"], "limit": 4])
    let other = try definition(["maps": ["pinv"], "keep": [2], "transplant": [1], "limit": 4])
    func part(_ file: String, _ shard: String) throws -> String {
      let part = folder.path("\(file.hashValue)-\(shard.replacing("/", with: "-"))")
      #expect(try GraftProcess.run("experiment", "stitch", file, "--shard", shard, "-o", part).status == 0)
      return part
    }
    let (first, second, foreign) = (try part(file, "1/2"), try part(file, "2/2"), try part(other, "2/2"))
    let whole = folder.path("whole")
    #expect(try GraftProcess.run("experiment", "stitch", file, "-o", whole).status == 0)
    for (parts, message) in [
      ([first], "part 2 of 2 is missing"), ([first, first], "are both part 1 of 2"),
      ([first, foreign], "is of another experiment than"), ([whole, second], "is a whole run already"),
    ] {
      let merged = folder.path("merged")
      let run = try GraftProcess.run(["experiment", "merge"] + parts + ["-o", merged])
      #expect(run.status == 1)
      #expect(run.error.contains(message))
      #expect(!FileManager.default.fileExists(atPath: merged))
    }
    try FileManager.default.removeItem(atPath: second + "/results.json")
    let run = try GraftProcess.run("experiment", "merge", first, second, "-o", folder.path("merged"))
    #expect(run.error.contains("is not finished"))
  }

  @Test func refusesAWrongDefinition() throws {
    let cases: [([String: JSON], String)] = [
      (["mpas": ["pinv"]], "found \"mpas\""), (["keep": []], "a list that is not empty"),
      (["keep": [1, 1]], "each value once"), (["draws": 0], "a whole number from 1"),
      (["maps": ["pinvv"]], "ridge:λ"), (["seams": ["plan"]], "one of plain, final-norm, add-positions, as-published"),
      (["keep": [9]], "9 blocks kept; these models allow 0 to 5; change \"keep\""),
      (["maps": ["pinv", "auto"]], "the map auto is made from unlabelled texts; give \"unlabelled\""),
      (
        ["maps": ["pinv+moments"], "seams": ["plain", "add-positions"], "unlabelled": .string(ShortRun.reviews)],
        "the map pinv+moments is made from states that hold their positions, which are added again after it"
      ),
      (["split": "dev"], "one of test, train"),
      (["schema": 2], "(schema): expected 1"),
    ]
    for (changes, message) in cases {
      let run = try GraftProcess.run("experiment", "stitch", try definition(changes), "-o", folder.path("run"))
      #expect(run.status == 1)
      #expect(run.error.contains(message), "\(run.error)")
    }
    for (arguments, message) in [
      (["--shard", "3/2", "-o", "run"], "\"3/2\" is no part such as 2/8"),
      (["--shard", "slurm:0", "-o", "run"], "\"slurm:0\" is no part such as 2/8, and not slurm:"),
      (["--shard", "slurm", "-o", "run"], "\"slurm\" is no part such as 2/8"), ([], "Give the folder of the run, -o."),
      (["--point", "1", "-o", "run"], "-o does nothing with --point 1"),
    ] {
      let run = try GraftProcess.run(["experiment", "stitch", try definition()] + arguments)
      #expect(run.status == 64)
      #expect(run.error.contains(message))
    }
  }
}
