import ArgumentParser
import Evaluation
import Files
import Foundation
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
      --shard 2/8 computes every eighth point, from the second, and --shard slurm:8 those of the task that SLURM_ARRAY_TASK_ID \
      names, of an array 1-8; graft experiment merge puts the eight folders together, to the bytes that one run would have left, \
      and graft experiment status says what is missing. results.json can be given in place of FILE: --point N then repeats one point, and says whether \
      every prediction came out the same.

      EXAMPLES:
        graft experiment stitch evaluation/experiments/stitch.json -o run
        graft experiment stitch run/results.json --point 7
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 1/2 -o part1
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 2/2 -o part2
        graft experiment merge part1 part2 -o merged
      """)

  @Argument(
    help:
      "The definition, or results.json of an experiment. \(CheckpointArgument.noStitchedModel)")
  var file: String

  @Option(
    help: ArgumentHelp(
      "Compute only part i of n, to be put together by graft experiment merge; slurm:n takes i from the task of a Slurm job array.",
      valueName: "i/n"),
    transform: ShardArgument.init)
  var shard: ShardArgument?

  @Option(help: ArgumentHelp("Repeat the point at this place in results.json.", valueName: "n"))
  var point: Int?

  @OptionGroup var recording: RunOptions
  @OptionGroup var hub: HubOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if point == nil, recording.output == nil { throw ValidationError("Give the folder of the run, -o.") }
  }

  func run() throws {
    let file = try JSONNode.read(file)
    let experiment = try StitchExperiment(file["experiment"].isPresent ? file["experiment"] : file)
    try StitchingAdvice.naming(.file) { try run(experiment, file) }
  }

  private func run(_ experiment: StitchExperiment, _ file: JSONNode) throws {
    let shard = try shard?.shard(in: ProcessInfo.processInfo.environment) ?? .whole
    let opened = try experiment.names.map { try CheckpointArgument.open($0) }
    let digests = opened.map { BackgroundDigest(of: $0) }
    let dataset = try experiment.readDataset()
    let unlabelled = try experiment.readUnlabelled()
    let models = try opened.map { try TokenizedModel($0) }
    for model in models { model.tokenizer.warnings.forEach(Console.noteOnce) }
    let run = try experiment.run(
      models, unlabelled: unlabelled, shard: shard, workspace: threads.workspace(),
      progress: .command,
      reader: EncodedReviews.note)
    try run.read(dataset)
    if let point { return try repeatPoint(point, of: file, run, names: experiment.names, digests) }
    let stamp = try JSON(
      encoding: JSONMembers.header("experiment-stitch")
        + experiment.stamp(
          run, dataset: dataset, revisions: opened.map(\.revision),
          digests: digests.map { try $0.wait() }, shard: shard,
          threads: threads.count))
    let (directory, units) = (recording.output?.path ?? "", run.units)
    let records = try RecordedRun(recording, stamp: stamp, batchCount: units.count).records(label: "experiment") {
      try run.records(of: units[$0])
    } encode: {
      try JSON(encoding: $0)
    } decode: {
      try StitchRecord($0)
    } write: { directory, records in
      try StitchExperimentReport(stamp, records, facts: run.facts()).write(to: directory)
      for (place, texts) in try run.generatedTexts().enumerated() {
        try texts.write(to: directory + "/unlabelled-\(place + 1).jsonl")
      }
    }
    // A finished run is only shown again, by its own stamp: another processor may have computed it.
    let report = try StitchExperimentReport(
      records == nil ? JSON.read(directory + "/run.json") : stamp, records ?? StitchRecord.read(run: directory),
      facts: MapFacts.read(run: directory))
    try tables.write(report.tables)
    try output.print(report.json, beside: tables.table) { report.text($0) + StitchWords.written(in: directory, $0) }
  }

  private func repeatPoint(
    _ place: Int, of file: JSONNode, _ run: StitchRun, names: [String], _ digests: [BackgroundDigest]
  ) throws {
    let recorded = try file["points"].array()
    guard recorded.indices.contains(place) else {
      throw CommandError.noSuchPoint(path: file.path, found: place, count: recorded.count)
    }
    for (node, (name, digest)) in zip(try file["models"].array(), zip(names, digests)) {
      let (expected, found) = (try node["sha256"].string(), try digest.wait())
      guard expected == found else {
        throw StitchingError.changedModel(path: file.path, model: name, expected: expected, found: found)
      }
    }
    let records = try run.records(of: StitchPoint(recorded[place]))
    guard let repeated = StitchResults(records, grid: run.grid).points.first else {
      throw recorded[place].wrong("a point of the experiment that the file defines")
    }
    let before = try recorded[place]["predictions_sha256"].string()
    let isSame = try before == repeated.sha256()
    let json =
      try JSONMembers.header("experiment-stitch-point")
      + ["point": repeated.members(), "recorded_sha256": before, "same": isSame]
    let accuracy = try recorded[place]["accuracy"].double()
    try output.print(json) { style in
      let point = repeated.point
      var facts = FactSheet(
        "\(point.map), \(point.cut.kept) kept, \(point.cut.transplanted) transplanted, \(point.seam)")
      facts.add(
        "accuracy",
        "\(repeated.accuracy.fixed(4)), recorded \(accuracy.fixed(4)), "
          + repeated.n.counted("review"))
      facts.add("predictions", isSame ? "the same, to the last bit" : "not the same bits")
      return facts.text(style)
    }
  }
}

extension StitchExperiment {
  fileprivate func readDataset() throws -> Dataset {
    var result = try ColumnOptions.read(dataset, split: split, columns: columns)
    if let reviews { result = try result.selecting(idsIn: reviews) }
    if let limit { result = try result.subset(limit: limit, seed: seed) }
    return result
  }

  fileprivate func readUnlabelled() throws -> UnlabelledSource? {
    try unlabelled.map {
      if let count = try UnlabelledSource.count($0) { return .generated(count) }
      return try .texts(ColumnOptions.read($0, split: nil, columns: Folder.exists($0) ? DatasetColumns() : columns))
    }
  }
}
