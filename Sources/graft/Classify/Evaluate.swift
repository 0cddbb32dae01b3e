import ArgumentParser
import Evaluation
import Files
import Reporting

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a classifier on labelled reviews.",
    discussion: """
      Prints accuracy with its 95% Wilson interval and what else is known about the errors. With -o the folder gets \
      results.json and predictions.jsonl, and --resume resumes a run that was stopped. A text longer than the model's \
      positions (or --max-length) is truncated, and counted.

      EXAMPLES:
        graft evaluate imdb-bert-1-sentiment --table scores.tex \\
          --dataset evaluation/imdb/test.jsonl --limit 200 --max-length 256
        graft evaluate imdb-gpt2-narrow-sentiment \\
          --dataset evaluation/imdb/test.jsonl -o run1
        graft evaluate imdb-gpt2-narrow-sentiment \\
          --dataset evaluation/imdb/test.jsonl -o run1 --resume --json
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var recording: RunOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try model.open()
    let classes = try ClassNames(of: model)
    let digest = BackgroundDigest(of: model)
    let dataset = try data.read().labelled(for: classes)
    let cleaning = try classification.cleaning(for: model)
    let encoded = try EncodedReviews.noting(
      dataset, for: model, tokenizer: model.notedTokenizer(),
      cleaning: cleaning, maxLength: classification.length(for: [model]), threads: threads.count)
    let labels: JSONMembers = ["labels": classes.names]
    let stamp = ResultStamp(
      command: "evaluate", model: model, digest: digest, dataset: dataset, seed: data.seed,
      options: data.members + classification.members(cleaning) + precision.member + threads.member)

    let predictions = try RecordedRun(recording, stamp: stamp.object(labels), batchCount: encoded.batches.count)
      .predictions(
        encoded, of: model, workspace: threads.workspace(precision.precision)
      ) { try stamp.object(labels + $0) }
    let metrics = try ClassificationMetrics(predictions)
    let summary = EvaluationSummary(metrics, model: model.name, dataset: dataset, labels: classes.names)
    try tables.write(summary.tables)
    try output.print(stamp.object(labels + metrics), beside: tables.table) { summary.text($0) }
  }
}
