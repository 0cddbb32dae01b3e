import ArgumentParser
import Files

/// The lens over a dataset instead of prompts.
struct LensCorpusOptions: ParsableArguments {
  @OptionGroup var data: DatasetOptions
  @OptionGroup var text: CleaningOptions

  @Option(help: "BERT: the share of a text's tokens that is masked and predicted; --seed decides which.")
  var maskShare = 0.15

  @OptionGroup var recording: RunOptions

  var isGiven: Bool { data.dataset != nil }

  func validate() throws {
    guard maskShare > 0, maskShare <= 1 else {
      throw ValidationError("--mask-share must be above 0 and at most 1, not \(maskShare).")
    }
    if !isGiven, recording.output != nil { throw ValidationError("-o is the folder of a run: give --dataset.") }
  }
}
