import ArgumentParser
import DenseMath
import Evaluation
import Files
import Reporting
import Tokenization
import Transformer

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a classifier on labelled reviews.",
    discussion: """
      Prints accuracy with its 95% Wilson interval and what else is known about the errors. With -o the folder gets \
      results.json and predictions.jsonl, and --resume resumes a run that was stopped. A text longer than the model's \
      positions (or --max-length) is truncated, and counted.

      EXAMPLES:
        graft evaluate imdb-bert-1-sentiment \\
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
  @OptionGroup var threads: ThreadOptions
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
      options: data.members + classification.members(cleaning) + threads.member)

    let predictions = try RecordedRun(recording, stamp: stamp.object(labels), batchCount: encoded.batches.count)
      .predictions(
        encoded, of: model, workspace: threads.workspace()
      ) { try stamp.object(labels + $0) }
    let metrics = try ClassificationMetrics(predictions)
    try output.print(stamp.object(labels + metrics)) { style in
      EvaluationSummary(metrics, model: model.name, dataset: dataset, labels: classes.names).text(style)
    }
  }
}

/// The loop over the batches of a run, kept in a folder or only in memory.
struct RecordedRun {
  private let journal: RunJournal?
  private let batchCount: Int

  init(_ options: RunOptions, stamp: @autoclosure () throws -> JSON, batchCount: Int) throws {
    self.batchCount = batchCount
    journal = try options.output.map {
      try RunJournal(directory: $0.path, stamp: stamp(), batchCount: batchCount, resume: options.resume)
    }
    if let journal { Interruption.keeps(in: journal.directory, option: "--resume") }
  }

  /// Computes the batches that are not there yet; then writes the results into the folder, where there is one.
  /// - Parameters:
  ///   - label, unit: what the progress line calls the run and its batches.
  ///   - compute: the records of a batch.
  ///   - encode: a record as a line of the journal; `decode` reads it again.
  ///   - write: writes the results into the folder, from all records in the order of the batches.
  /// - Returns: all records; nil when an earlier call finished the run.
  func records<Record>(
    label: String, unit: String = "batches", compute: (_ batch: Int) throws -> [Record],
    encode: (Record) throws -> JSON,
    decode: (JSONNode) throws -> Record, write: (_ directory: String, [Record]) throws -> Void
  ) throws -> [Record]? {
    let missing = journal?.missingBatches ?? Array(0..<batchCount)
    let progress = Progress(
      ProgressLine(label: label, unit: unit, total: batchCount, resumed: batchCount - missing.count))
    var inMemory: [Record] = []
    for (done, batch) in missing.enumerated() {
      let records = try compute(batch)
      if let journal {
        try journal.append(batch: batch, records: records.map(encode))
      } else {
        inMemory += records
      }
      progress.update(batchCount - missing.count + done + 1)
    }
    progress.clear()
    guard let journal else { return inMemory }
    guard !journal.isFinished else { return nil }
    let all = try (0..<batchCount).flatMap { try journal.records(ofBatch: $0).map(decode) }
    try journal.finish { try write(journal.directory, all) }
    return all
  }

  /// The predictions of a classifier, recorded as `predictions.jsonl` beside `results.json`.
  func predictions(
    _ encoded: EncodedReviews, of model: any TransformerModel, workspace: Workspace,
    results: (ClassificationMetrics) throws -> JSON
  ) throws -> [Prediction] {
    let predictions = try records(label: "evaluate") { batch in
      try encoded.predictions(of: model, batch: batch, workspace: workspace)
    } encode: {
      try JSON(encoding: $0)
    } decode: {
      try Prediction($0)
    } write: { directory, predictions in
      try writeLines(predictions, to: directory + "/predictions.jsonl")
      let object = try results(ClassificationMetrics(predictions))
      try OutputFile.write(object.serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    return try predictions ?? journal.map { try Prediction.read(run: $0.directory) } ?? []
  }
}

/// One JSON object a line.
func writeLines(_ objects: some Sequence<some Encodable>, to path: String) throws {
  let file = try OutputFile(path)
  for object in objects { try file.write(JSON(encoding: object).serialized() + "\n") }
  try file.commit()
}
