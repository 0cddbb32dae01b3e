import ArgumentParser
import DenseMath
import Evaluation
import Files
import Reporting
import Transformer

/// What the experiments on one model's parameters share.
struct ExperimentOptions: ParsableArguments {
  @OptionGroup var model: CheckpointArgument
  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  /// Writes the figure and the tables, where they are asked for, and prints the result.
  func show(_ figure: ChartColumn, _ tables: [Table], _ object: @autoclosure () throws -> JSON) throws {
    try picture.write(figure)
    try self.tables.write(tables)
    try output.print(try object(), beside: picture.figure, self.tables.table) { style in
      figure.text(style) + "\n" + tables.text(style)
    }
  }
}

/// What decides what an experiment draws.
struct SeedOption: ParsableArguments {
  @Option(help: "Decides what is drawn.")
  var seed: UInt64 = 42

  func validate() throws {
    if seed > UInt64(Int.max) { throw ValidationError("--seed must be at most \(Int.max), not \(seed).") }
  }
}

extension Model {
  /// The matrix that parameters are projected with: the unembedding where it is not tied, else the token embedding; [V, d].
  var projectionMatrix: Tensor { unembedding?.matrix ?? wE }
}

/// The tokens of a dataset as a model reads them, and the batches that hold them.
struct ExperimentTexts {
  let dataset: Dataset
  let encoded: EncodedReviews
  let cleaning: TextCleaning

  init(
    _ data: DatasetOptions, _ classification: ClassificationOptions, for model: Model, threads: Threads
  ) throws {
    dataset = try data.read()
    cleaning = try classification.cleaning(for: model)
    encoded = try EncodedReviews.noting(
      dataset, for: model, tokenizer: model.notedTokenizer(),
      cleaning: cleaning, maxLength: classification.length(for: [model]), threads: threads)
  }

  /// Positions in all texts.
  var tokens: Int { encoded.reviews.reduce(0) { $0 + $1.ids.count } }

  var batches: some Sequence<[[Int32]]> { encoded.batches.lazy.map { encoded.reviews[$0].map(\.ids) } }
}
