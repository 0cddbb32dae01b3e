import ArgumentParser
import Evaluation
import Reporting
import Stitching

struct ExperimentMerge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Put the parts of an experiment together that was computed with --shard.",
    discussion: """
      Every part must be finished and of the same experiment: models, reviews, options. The folder then holds what one run \
      without --shard would have left there, byte for byte on processors of one kind. Where parts come from several kinds, \
      their last bits may differ from those of one run: a note says so, and results.json tags each point with its processor.

      EXAMPLES:
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 1/2 -o part1
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 2/2 -o part2
        graft experiment merge part1 part2 -o run
      """)

  @Argument(help: "The folders of all parts, in any order.")
  var parts: [String]

  @Option(name: .shortAndLong, help: .folder("The folder of the whole run, which must be new."))
  var output: FolderOutput

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var display: OutputOptions

  func run() throws {
    let whole = try StitchingAdvice.naming(.options) { try StitchShards(parts) }
    let report = try StitchExperimentReport(whole.stamp, whole.records, facts: whole.facts)
    // A merge that was stopped is simply done again.
    let journal = try RunJournal(
      directory: output.path, stamp: whole.stamp, batchCount: 0, resume: RunState(of: output.path).stage != .finished)
    Interruption.keeps(in: output.path)
    try journal.finish { try report.write(to: output.path) }
    if let kinds = report.processorKinds { Console.note(kinds) }
    try tables.write(report.tables)
    try display.print(report.json, beside: tables.table) { report.text($0) + StitchWords.written(in: output.path, $0) }
  }
}
