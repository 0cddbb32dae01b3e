import ArgumentParser
import Evaluation
import Files
import Foundation
import Stitching

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the parts of an experiment together that was computed with --shard.",
    discussion: """
      Every part must be finished and of the same experiment: models, reviews, options. The folder then holds what one run \
      without --shard would have left there, byte for byte on processors of one kind.

      EXAMPLES:
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 1/2 -o part1
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 2/2 -o part2
        graft merge part1 part2 -o run
      """)

  @Argument(help: "The folders of all parts, in any order.")
  var parts: [String]

  @Option(name: .shortAndLong, help: .folder("The folder of the whole run, which must be new."))
  var output: FolderOutput

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var display: OutputOptions

  func run() throws {
    var stamp: JSON?
    var folders: [Int: String] = [:]
    var count = 0
    for part in parts {
      let file = try JSONNode.read(part + "/run.json")
      guard try file["command"].string() == "experiment-stitch" else {
        throw file["command"].wrong("experiment-stitch, a run that can be split")
      }
      guard file["shard"].isPresent else { throw CommandError.notTheShards(reason: "\(part) is a whole run already") }
      guard !Self.isUnfinished(part) else {
        throw CommandError.notTheShards(reason: "\(part) is not finished: resume it with --resume")
      }
      let shard = try file["shard"].array().map { try $0.int() }
      guard shard.count == 2 else { throw file["shard"].wrong("part and count") }
      let whole = try Self.withoutShard(file)
      if let stamp, stamp != whole {
        throw CommandError.notTheShards(reason: "\(part) is of another experiment than \(parts[0])")
      }
      guard count == 0 || count == shard[1] else {
        throw CommandError.notTheShards(reason: "\(part) is one of \(shard[1]) parts, \(parts[0]) one of \(count)")
      }
      stamp = whole
      count = shard[1]
      if let other = folders.updateValue(part, forKey: shard[0]) {
        throw CommandError.notTheShards(reason: "\(other) and \(part) are both part \(shard[0]) of \(shard[1])")
      }
    }
    guard let stamp else { throw ValidationError("Give the folders of the parts.") }
    if let missing = (1...max(1, count)).first(where: { folders[$0] == nil }) {
      throw CommandError.notTheShards(reason: "part \(missing) of \(count) is missing")
    }
    let directories = folders.sorted { $0.key < $1.key }.map(\.value)
    let records = try directories.flatMap { try StitchGridRecord.read(run: $0) }
    var facts: [StitchGrid.Point: JSON] = [:]
    for directory in directories {
      facts.merge(try StitchExperimentReport.facts(in: directory)) { first, _ in first }
    }
    let report = try StitchExperimentReport(stamp, records, facts: facts)
    // A merge that was stopped is simply done again.
    let journal = try RunJournal(
      directory: output.path, stamp: stamp, batchCount: 0, resume: Self.isUnfinished(output.path))
    Interruption.keeps(in: output.path)
    try journal.finish { try report.write(to: output.path) }
    try display.print(report.json()) { style in
      report.text(style) + style.painted("written: ", .faint)
        + "\(output.path)/report.html, results.json, predictions.jsonl\n"
    }
  }

  private static func isUnfinished(_ directory: String) -> Bool {
    FileManager.default.fileExists(atPath: directory + "/journal")
      || !FileManager.default.fileExists(atPath: directory + "/results.json")
  }

  /// The stamp as the whole run has it.
  private static func withoutShard(_ stamp: JSONNode) throws -> JSON {
    .object(try stamp.members().map { $0.key == "shard" ? JSON.Member("shard", .null) : $0 })
  }
}
