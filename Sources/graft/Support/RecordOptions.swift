import ArgumentParser
import Files
import Reporting

extension Records.Format: ExpressibleByArgument {}

/// `--format`: a result as rows instead of text.
struct RecordOptions: ParsableArguments {
  @Option(help: "Print one row per cell instead of text: jsonl or csv (docs/formats.md has the columns).")
  var format: Records.Format?

  /// Whether the object that rows are taken from is needed.
  var isGiven: Bool { format != nil }

  /// Prints the rows, if they were asked for.
  /// - Returns: whether they were.
  func print(_ records: @autoclosure () throws -> Records) throws -> Bool {
    guard let format else { return false }
    try Console.write(records().text(format))
    return true
  }
}
