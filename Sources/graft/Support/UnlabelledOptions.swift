import ArgumentParser
import Evaluation
import Files
import Stitching

/// Texts whose labels are never looked at, for maps and measures that use hidden states.
struct UnlabelledOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Texts whose labels are not used, in any form of --dataset: half of them make maps, the other half measure how close "
        + "mapped states come to the fine-tuned model's own. generated, or generated:500, for texts that the pretrained model "
        + "writes by itself.", valueName: "path"))
  var unlabelled: String?

  /// - Throws: `DatasetError`, `FileError`, `StitchingError`.
  func read(_ columns: ColumnOptions) throws -> UnlabelledSource? {
    try unlabelled.map { text in
      if let count = try UnlabelledSource.count(text) { return .generated(count) }
      return .texts(try columns.read(text, isOnly: false))
    }
  }

  /// The options as recorded in a result.
  /// - Parameter run: that uses what `read` read.
  static func members(_ run: StitchRun) throws -> JSONMembers {
    ["unlabelled": try run.unlabelledTexts(of: 0)?.name, "unlabelled_sha256": try run.unlabelledDigest()]
  }
}
