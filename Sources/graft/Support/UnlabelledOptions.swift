import ArgumentParser
import Evaluation
import Files

/// Texts whose labels are never looked at, for maps and measures that use hidden states.
struct UnlabelledOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Texts whose labels are not used, in any form of --dataset: half of them make maps, the other half measure how close "
        + "mapped states come to the fine-tuned model's own.", valueName: "path"))
  var unlabelled: String?

  /// - Throws: `DatasetError`, `FileError`.
  func read(_ columns: ColumnOptions) throws -> Dataset? { try unlabelled.map { try columns.read($0, isOnly: false) } }

  /// The options as recorded in a result.
  /// - Parameter dataset: what `read` read.
  static func members(_ dataset: Dataset?) throws -> JSONMembers {
    ["unlabelled": dataset?.name, "unlabelled_sha256": try dataset?.sha256()]
  }
}
