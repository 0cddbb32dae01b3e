import ArgumentParser
import Files
import Reporting
import Stitching

struct ExperimentStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what is done of an experiment that was split with --shard, and what a merge lacks.",
    discussion: """
      Of each folder: its part, whether it is finished, running, stopped (it can be resumed), missing or unreadable, and \
      how many of its points have all their reviews. The folders are read and not changed. Whether a part is running is \
      known only where its process is on this machine.

      EXAMPLES:
        graft experiment stitch evaluation/experiments/stitch.json \\
          --shard 1/2 -o part1
        graft experiment status part1 part2
        graft experiment status part1 part2 --json
      """)

  @Argument(help: "The folders of parts, in any order.")
  var parts: [String]

  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let status = StitchStatus(of: parts)
    try tables.write([status.table])
    try output.print(JSONMembers.header("experiment-status") + status, beside: tables.table) { status.text($0) }
  }
}
