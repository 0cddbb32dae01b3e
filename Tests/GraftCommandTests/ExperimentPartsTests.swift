import Files
import Foundation
import TestSupport
import Testing

/// Parts of a grid as a cluster computes them: `--shard slurm:n`, `graft experiment status`, processors of two kinds.
@Suite struct ExperimentPartsTests {
  let folder: TemporaryFolder
  /// Two points, one per part of two.
  let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = try Self.grid(in: folder, limit: 40)
  }

  private static func grid(in folder: TemporaryFolder, limit: Int) throws -> String {
    try folder.write(
      """
      {"schema": 1, "models": [{"pretrained": ["imdb-gpt2-wide"], "finetuned": ["imdb-gpt2-narrow-sentiment"]}], \
      "dataset": "\(ShortRun.reviews)", "limit": \(limit), "max_length": 32, "keep": [1, 2], "transplant": [1], \
      "maps": ["pinv"]}
      """, to: "grid-\(limit).json")
  }

  /// The kind of processor that `graft` runs on here, as its parts say where they come from.
  private static let kind: String? = {
    guard let env = try? GraftProcess.run("env", "--json").json(),
      let version = try? env["openblas"]["configuration"].string().split(separator: " ").prefix(2),
      let active = try? env["instructions"]["active"].string(), let core = try? env["openblas"]["core"].string()
    else { return nil }
    return "\(active), \(version.joined(separator: " ")) \(core)"
  }()

  private func stitch(
    _ shard: String?, _ name: String, environment: [String: String] = [:], _ more: [String] = []
  ) throws -> GraftRun {
    try GraftProcess.run(
      ["experiment", "stitch", file, "-o", folder.path(name), "-t", "1"] + (shard.map { ["--shard", $0] } ?? []) + more,
      environment: environment)
  }

  private func task(_ id: Int, of array: ClosedRange<Int>) -> [String: String] {
    [
      "SLURM_ARRAY_TASK_ID": "\(id)", "SLURM_ARRAY_TASK_MIN": "\(array.lowerBound)",
      "SLURM_ARRAY_TASK_MAX": "\(array.upperBound)",
    ]
  }

  private func status(_ names: String...) throws -> JSONNode {
    let result = try GraftProcess.run(["experiment", "status"] + names.map { folder.path($0) } + ["--json"]).json()
    #expect(try Repository.schema("experiment status").problems(in: result.value ?? .null) == [])
    return result
  }

  /// An array of two tasks, of which the second is submitted again alone, leaves the bytes of one run.
  @Test func tasksOfAnArrayAreParts() throws {
    #expect(try stitch(nil, "whole").status == 0)
    #expect(try stitch("slurm:2", "part1", environment: task(1, of: 1...2)).status == 0)
    var state = try status("part1", "part2")
    #expect(try state["parts"].array().map { try $0["state"].string() } == ["finished", "missing"])
    #expect(try state["merge"]["unfinished"].ints() == [2])
    #expect(try !state["merge"]["ready"].bool())
    #expect(try state["merge"]["problems"].strings() == ["part 2 of 2 is missing"])

    #expect(try stitch("slurm:2", "part2", environment: task(2, of: 2...2)).status == 0)
    #expect(try JSONNode.read(folder.path("part2/run.json"))["shard"].ints() == [2, 2])
    state = try status("part1", "part2")
    #expect(try state["merge"]["ready"].bool())
    for part in try state["parts"].array() {
      #expect(try part["points"]["done"].int() == 1 && part["points"]["total"].int() == 1)
      #expect(try part["batches"]["done"].int() == part["batches"]["total"].int())
      #expect(try part["processor"].string() == Self.kind)
    }
    let merge = try GraftProcess.run(
      "experiment", "merge", folder.path("part1"), folder.path("part2"), "-o", folder.path("merged"))
    #expect(merge.status == 0 && merge.error.isEmpty, "\(merge.error)")
    #expect(try ShortRun.contents(folder.path("merged")) == ShortRun.contents(folder.path("whole")))
    let text = try GraftProcess.run("experiment", "status", folder.path("part1"), folder.path("nowhere")).output
    #expect(text.contains("1/2") && text.contains("finished") && text.contains("missing"))
    #expect(text.contains("1 of 2 parts finished; not yet: 2"))
  }

  /// A part that was killed is shown as one to resume, and where it stands.
  @Test func aKilledPartIsStopped() throws {
    let long = try Self.grid(in: folder, limit: 400)
    try ShortRun.runAndKill(
      ["experiment", "stitch", long, "--shard", "1/2", "-o", folder.path("part1"), "-t", "1"],
      folder: folder.path("part1"), afterBytes: 1)
    let part = try status("part1")["parts"].item(0)
    #expect(try part["state"].string() == "stopped")
    let (done, total) = (try part["batches"]["done"].int(), try part["batches"]["total"].int())
    #expect(done >= 1 && done < total)
    #expect(try part["points"]["done"].int() == 0)
    let lacking = try GraftProcess.run("experiment", "merge", folder.path("part1"), "-o", folder.path("merged"))
    #expect(lacking.status == 1 && lacking.error.contains("part1 is not finished; resume it with --resume"))
  }

  @Test(
    arguments: [
      (
        [:],
        "SLURM_ARRAY_TASK_ID: expected the variable of a Slurm job array, found none; submit the script with sbatch --array=1-2"
      ),
      (["SLURM_ARRAY_TASK_ID": "one"], "SLURM_ARRAY_TASK_ID: expected a whole number, found \"one\""),
      (
        ["SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "1"],
        "expected tasks from 1 to 2, one per part, found 0 to 1"
      ),
    ] as [([String: String], String)])
  func refusesAnEnvironmentWithoutATask(_ environment: [String: String], _ message: String) throws {
    let run = try stitch("slurm:2", "part", environment: environment)
    #expect(run.status == 1 && run.error.contains(message), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("part")))
  }

  /// Parts from two kinds of processor are put together, with a note, and each point says which kind it is from.
  @Test func processorsOfTwoKindsAreTold() throws {
    let portable = ["GRAFT_INSTRUCTIONS": "portable"]
    #expect(try stitch("1/2", "part1").status == 0)
    #expect(try stitch("2/2", "part2", environment: portable).status == 0)
    let kinds = try ["part1", "part2"].map {
      try JSONNode.read(folder.path($0 + "/run.json"))["processors"].item(0).string()
    }
    #expect(kinds[0] == Self.kind && kinds[1].hasPrefix("portable, OpenBLAS 0."))
    let merge = try GraftProcess.run(
      "experiment", "merge", folder.path("part2"), folder.path("part1"), "-o", folder.path("merged"), "--json")
    #expect(
      merge.error.hasPrefix(
        "graft: note: the parts come from 2 kinds of processor: \(kinds[0]) (part 1); \(kinds[1]) (part 2). "),
      "\(merge.error)")
    let result = try merge.json()
    #expect(try Repository.schema("experiment stitch").problems(in: result.value ?? .null) == [])
    #expect(try result["processors"].strings() == kinds)
    // In the order of cuts: part 1 has the first point, and B on its own states.
    #expect(try result["points"].array().map { try $0["processor"].string() } == kinds)
    #expect(try result["self"].array().allSatisfy { try $0["processor"].string() == kinds[0] })
    #expect(try result["points"].array().map { try $0["kept"].int() } == [1, 2])
    let page = try String(contentsOfFile: folder.path("merged/report.html"), encoding: .utf8)
    #expect(page.contains("the parts come from 2 kinds of processor"))

    // A finished part is shown again anywhere; one that was begun is not finished on another kind.
    let again = try stitch("2/2", "part2", ["--resume", "--json"])
    #expect(try again.json()["processors"].strings() == [kinds[1]])
    let killed = [
      "experiment", "stitch", try Self.grid(in: folder, limit: 400), "-o", folder.path("killed"), "-t", "1",
    ]
    try ShortRun.runAndKill(killed, folder: folder.path("killed"), afterBytes: 1)
    let other = try GraftProcess.run(killed + ["--resume"], environment: portable)
    #expect(other.status == 1 && other.error.contains("was begun on a processor of the kind [\"\(kinds[0])\"]"))
    #expect(other.error.contains("found [\"\(kinds[1])\"]"), "\(other.error)")
    #expect(try GraftProcess.run(killed + ["--resume"]).status == 0)
  }
}
