import ArgumentParser
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

struct LensClassifier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lens-classifier",
    abstract: "See a classifier's decision form, layer by layer.",
    discussion: """
      Every level is read through the classifier, as if the later blocks were skipped: for one text, or averaged over a \
      dataset; with -o such a run can be stopped and resumed. A stitched model is read from the state that enters its second model.

      EXAMPLES:
        graft lens-classifier imdb-bert-1-sentiment --text 'a waste of two hours'
        graft lens-classifier imdb-gpt2-narrow-sentiment --text good --figure c.png
        graft lens-classifier imdb-bert-1-sentiment --limit 200 \\
          --dataset evaluation/imdb/test.jsonl -o run
      """)

  @OptionGroup var model: ModelArgument
  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var recording: RunOptions
  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard text.isEmpty != (data.dataset == nil) else { throw ValidationError("Give --text or --dataset.") }
  }

  func run() throws {
    let opened = try model.open()
    let lens = try ClassifierLens(opened, threads: threads.count)
    let digest = output.json || recording.output != nil ? BackgroundDigest(of: opened) : nil
    let cleaning = try classification.cleaning(for: opened)
    let meaning: JSONMembers = ["labels": lens.classifier.labels, "problem_type": lens.classifier.problemType.rawValue]
    let options = classification.members(cleaning)
    if data.dataset != nil {
      let dataset = try data.read().labelled(for: opened)
      let stamp = digest.map { digest in
        ResultStamp(
          command: "lens-classifier", model: opened, digest: digest, dataset: dataset, seed: data.seed,
          options: options + data.members + threads.member)
      }
      func object(_ members: JSONMembers) throws -> JSON { try stamp?.object(meaning + members) ?? .null }
      let summary = try summarise(dataset, lens, cleaning, object: object)
      let table = summary.table(caption: "\(opened.name): \(summary.reviews.counted("review")) of \(dataset.name)")
      try tables.write([table])
      return try output.print(object(summary.members), beside: tables.table) { style in
        table.text(style) + (dataset.labelOrder?.line(style) ?? "")
      }
    }
    let encoder = try TextEncoder(opened, maxLength: classification.maxLength)
    let readings = try ProgressHandler.command.map(text, "lens-classifier", unit: "texts") { text in
      let tokens = try encoder.encode(Array(cleaning.clean(text).utf8), source: "--text")
      return ClassifierReading(
        text: text, tokens: tokens, levels: lens.levels, logits: try lens.read(PackedBatch([tokens.ids])).map { $0[0] },
        classifier: lens.classifier, modelName: opened.name)
    }
    try picture.write(readings[0].heatMap)
    try tables.write(readings.flatMap(\.heatMap.tables))
    let object = try digest.map { digest in
      try ResultStamp(command: "lens-classifier", model: opened, digest: digest, options: options)
        .object(meaning + ["results": readings])
    }
    try output.print(object ?? .null, beside: picture.figure, tables.table) { style in
      readings.map { $0.heatMap.text(style) }.joined(separator: "\n")
    }
  }

  private func summarise(
    _ dataset: Dataset, _ lens: ClassifierLens, _ cleaning: TextCleaning,
    object: @escaping (JSONMembers) throws -> JSON
  ) throws -> ClassifierLensSummary {
    let tokenizer = try lens.model.notedTokenizer()
    let encoded = try EncodedReviews.noting(
      dataset, for: lens.model, tokenizer: tokenizer, cleaning: cleaning,
      maxLength: classification.length(for: [lens.model]),
      threads: threads.count)
    func summary(_ records: [ClassifierLensRecord]) -> ClassifierLensSummary {
      ClassifierLensSummary(
        levels: lens.levels, records: records, truncated: encoded.truncatedCount, seed: data.seed)
    }
    let run = try RecordedRun(recording, stamp: object([:]), batchCount: encoded.batches.count)
    let records = try run.records(label: "lens-classifier", in: "texts.jsonl") { batch in
      let reviews = encoded.reviews[encoded.batches[batch]]
      let scores = try lens.read(PackedBatch(reviews.map(\.ids)))
      return reviews.enumerated().map { index, review in
        ClassifierLensRecord(id: review.id, label: review.label, logits: scores.map { $0[index] })
      }
    } write: { directory, records in
      try OutputFile.write(
        object(summary(records).members).serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    return summary(records)
  }
}
