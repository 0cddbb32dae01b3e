import ArgumentParser
import Evaluation
import Files
import Foundation

/// Which columns of a dataset are read; one group for every command that reads one.
struct ColumnOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The column (or key) of the texts, where it is not one of review, text, sentence, content...",
      valueName: "name"))
  var textColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column (or key) of the labels, where it is not one of sentiment, label, class...", valueName: "name"))
  var labelColumn: String?

  private var columns: DatasetColumns { DatasetColumns(text: textColumn, label: labelColumn) }

  /// Reads a dataset, and notes what of it may be unexpected.
  /// - Parameter isOnly: whether the command reads no other dataset, which could be the one that the columns are of.
  /// - Throws: `DatasetError`, `FileError`; `CommandError.columns` with the options.
  func read(_ path: String, split: Dataset.Split? = nil, isOnly: Bool = true) throws -> Dataset {
    try Self.read(path, split: split, columns: isOnly || !Folder.exists(path) ? columns : DatasetColumns())
  }

  /// The same without options on the command line: columns as an experiment's file names them.
  static func read(_ path: String, split: Dataset.Split?, columns: DatasetColumns) throws -> Dataset {
    do {
      let dataset = try Dataset.read(path, split: split, columns: columns)
      if dataset.emptyCount > 0 {
        Console.noteOnce("\(dataset.emptyCount) of the \(dataset.reviews.count) texts of \(dataset.name) are empty")
      }
      if dataset.repairedCount > 0 {
        Console.noteOnce(
          "\(dataset.repairedCount) of the \(dataset.reviews.count) texts of \(dataset.name) hold bytes that are not UTF-8, "
            + "which are read as U+FFFD")
      }
      return dataset
    } catch let error as DatasetError {
      switch error {
      case .columns, .noColumns: throw CommandError.columns(error)
      default: throw error
      }
    }
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    ["label_column": labelColumn, "text_column": textColumn]
  }
}
