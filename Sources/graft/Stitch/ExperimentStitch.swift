import ArgumentParser
import Evaluation
import Files
import Reporting
import Stitching

struct ExperimentStitch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stitch",
    abstract: "Score a whole grid of stitched models: models, cuts, maps and seams.",
    discussion: """
      FILE is JSON: {"schema": 1, "models": [{"pretrained": ["A"], "finetuned": ["B1", "B2"]}], "dataset": "reviews.jsonl"} and, \
      as in graft stitch, "keep", "transplant", "maps", "draws", "limit", "max_length", "seed", "unlabelled" and others; \
      docs/schemas/experiment-stitch.json describes them under "experiment". Every A is stitched to every B of its group. Paths \
      are taken from the folder graft runs in. Each point is computed once; --resume resumes a run that was stopped. \
      --shard 2/8 computes every eighth point, from the second; graft merge puts the eight folders together, to the bytes that \
      one run would have left. results.json can be given in place of FILE: --point N then repeats one point, and says whether \
      every prediction came out the same.

      EXAMPLES:
        graft experiment stitch evaluation/experiments/stitch.json -o run
        graft experiment stitch run/results.json --point 7
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 1/2 -o part1
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 2/2 -o part2
        graft merge part1 part2 -o merged
      """)

  @Argument(
    help:
      "The definition, or results.json of an experiment. \(CheckpointArgument.noStitchedModel)")
  var file: String

  @Option(
    help: ArgumentHelp("Compute only part i of n, to be put together by graft merge.", valueName: "i/n"),
    transform: ExperimentStitch.shard)
  var shard: StitchGrid.Shard?

  @Option(help: ArgumentHelp("Repeat the point at this place in results.json.", valueName: "n"))
  var point: Int?

  @OptionGroup var recording: RunOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if point == nil, recording.output == nil { throw ValidationError("Give the folder of the run, -o.") }
  }

  func run() throws {
    let file = try JSONNode.read(file)
    let experiment = try StitchExperiment(file["experiment"].isPresent ? file["experiment"] : file)
    let run = try StitchExperimentRun(experiment, shard: shard ?? .whole, threads: threads)
    if let point { return try repeatPoint(point, of: file, run) }
    let directory = recording.output?.path ?? ""
    let records = try RecordedRun(recording, stamp: run.stamp, batchCount: run.units.count)
      .records(label: "experiment") {
        try run.records(ofUnit: $0)
      } encode: {
        $0.json
      } decode: {
        try StitchGridRecord($0)
      } write: { directory, records in
        try StitchExperimentReport(run.stamp, records, facts: run.facts()).write(to: directory)
      }
    // A finished run is only shown again.
    let report = try StitchExperimentReport(
      run.stamp, records ?? StitchGridRecord.read(run: directory), facts: StitchExperimentReport.facts(in: directory))
    try output.print(report.json()) { style in
      report.text(style) + style.painted("written: ", .faint)
        + "\(directory)/report.html, results.json, predictions.jsonl\n"
    }
  }

  private func repeatPoint(_ place: Int, of file: JSONNode, _ run: StitchExperimentRun) throws {
    let recorded = try file["points"].array()
    guard recorded.indices.contains(place) else {
      throw CommandError.noSuchPoint(path: file.path, found: place, count: recorded.count)
    }
    try run.checkModels(file)
    let point = try StitchGrid.Point(recorded[place])
    let results = try StitchGridResults(run.records(of: point), grid: run.grid, seed: run.experiment.seed)
    guard let repeated = results.points.first else {
      throw recorded[place].wrong("a point of the experiment that the file defines")
    }
    let before = try recorded[place]["predictions_sha256"].string()
    let isSame = try before == repeated.sha256()
    let json = JSON.object(
      JSON.header("experiment-stitch-point") + [
        JSON.Member("point", try repeated.json([:])), JSON.Member("recorded_sha256", .string(before)),
        JSON.Member("same", .bool(isSame)),
      ])
    let accuracy = try recorded[place]["accuracy"].double()
    try output.print(json) { style in
      let cell = repeated.point.cell
      var facts = FactSheet("\(cell.map), \(cell.kept) kept, \(cell.transplanted) transplanted, \(repeated.point.seam)")
      facts.add(
        "accuracy",
        "\(repeated.accuracy.fixed(4)), recorded \(accuracy.fixed(4)), "
          + repeated.n.counted("review"))
      facts.add("predictions", isSame ? "the same, to the last bit" : "not the same bits")
      return facts.text(style)
    }
  }

  private static func shard(_ argument: String) throws -> StitchGrid.Shard {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count > 0, (1...count).contains(index) else {
      throw ValidationError("\"\(argument)\" is no part such as 2/8")
    }
    return StitchGrid.Shard(index: index, count: count)
  }
}
