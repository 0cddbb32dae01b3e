import ArgumentParser
import Files
import Reporting

/// `--table`: the tables that are printed, as a file.
struct TableOptions: ParsableArguments {
  @Option(
    help: .file(
      "Also write the tables, in the format of the name's end: .md Markdown (standard output too), .tex LaTeX, .csv CSV."
    ))
  var table: FileOutput?

  func validate() throws {
    guard let table, format(of: table) == nil else { return }
    throw ValidationError("--table \(table.argument): the name must end in .md, .tex or .csv, which is the format.")
  }

  /// Writes the file, where one was asked for.
  func write(_ tables: @autoclosure () throws -> [Table]) throws {
    guard let table, let format = format(of: table) else { return }
    try table.write(format.text(tables()))
  }

  private func format(of file: FileOutput) -> TableFormat? {
    TableFormat(path: file.argument) ?? (file.isStandardOutput ? .markdown : nil)
  }
}
