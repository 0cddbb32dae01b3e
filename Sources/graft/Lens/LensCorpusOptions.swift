import ArgumentParser
import Files

/// The lens over a dataset instead of prompts.
struct LensCorpusOptions: ParsableArguments {
  @OptionGroup var data: DatasetOptions
  @OptionGroup var text: CleaningOptions

  @Option(
    help:
      "Of a model that fills masks: the share of a text's tokens that is masked and predicted; --seed decides which.")
  var maskShare = 0.15

  var isGiven: Bool { data.dataset != nil }

  func validate() throws {
    guard maskShare > 0, maskShare <= 1 else {
      throw ValidationError("--mask-share must be above 0 and at most 1, not \(maskShare).")
    }
  }
}

/// A tuned lens that reads beside the plain one.
struct TunedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also read through this tuned lens, which graft lens-fit fits. \(CheckpointArgument.noStitchedModel)",
      valueName: "path"))
  var tuned: String?

  /// What a stamp says of the file.
  /// - Throws: `FileError`.
  func members() throws -> JSONMembers {
    ["tuned_sha256": Absent(wrappedValue: try tuned.map { try Digest.ofFile($0) })]
  }
}
