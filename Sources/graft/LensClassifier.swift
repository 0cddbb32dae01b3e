import ArgumentParser
import Evaluation
import Files
import Reporting
import Transformer

struct LensClassifier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lens-classifier",
    abstract: "See a classifier's decision form, layer by layer.",
    discussion: """
      Every level is read through the classifier, as if the later blocks were skipped: for one text, or averaged over a \
      dataset. A stitched model is read from the state that enters its second model.

      EXAMPLES:
        graft lens-classifier imdb-bert-1-sentiment --text 'a waste of two hours'
        graft lens-classifier imdb-gpt2-narrow-sentiment --text good --svg c.svg
        graft lens-classifier imdb-bert-1-sentiment --limit 200 \\
          --dataset evaluation/imdb/test.jsonl
      """)

  @OptionGroup var model: ModelArgument
  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions
  @Option(help: ArgumentHelp("Also write the picture of the first text as SVG.", valueName: "path"))
  var svg: String?
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard text.isEmpty != (data.dataset == nil) else { throw ValidationError("Give --text or --dataset.") }
    if svg != nil, text.isEmpty { throw ValidationError("--svg goes with --text.") }
  }

  func run() throws {
    let opened = try model.open()
    let lens = try ClassifierLens(opened, threads: threads.count)
    let digest = output.json ? BackgroundDigest(of: opened) : nil
    let cleaning = try classification.cleaning(for: opened)
    let labels = JSON.Member("labels", .array(lens.labels.map { .string($0) }))
    let options = classification.members(cleaning)
    if data.dataset != nil {
      let dataset = try data.read()
      try dataset.check(classes: lens.head.classes)
      let summary = try summarise(dataset, lens, cleaning)
      let object = digest.map { digest in
        ResultStamp(
          command: "lens-classifier", model: opened, digest: digest, dataset: dataset, seed: data.seed,
          options: .object(options + data.members + [threads.member])
        ).object([
          labels, JSON.Member("levels", summary.json), JSON.Member("reviews", .integer(summary.reviews)),
        ])
      }
      return try output.print(object ?? .null) { style in
        summary.table(style, caption: "\(opened.name): \(summary.reviews.counted("review")) of \(dataset.name)")
      }
    }
    let encoder = try TextEncoder(opened, maxLength: classification.maxLength)
    let readings = try text.map { text in
      let tokens = try encoder.encode(Array(cleaning.clean(text).utf8), source: "--text")
      return ClassifierReading(
        text: text, tokens: tokens, levels: lens.levels, logits: try lens.read(PackedBatch([tokens.ids])).map { $0[0] },
        labels: lens.labels, modelName: opened.name)
    }
    if let svg { try OutputFile.write(readings[0].heatMap.svg(), to: svg) }
    let object = digest.map { digest in
      ResultStamp(command: "lens-classifier", model: opened, digest: digest, options: .object(options))
        .object([labels, JSON.Member("results", .array(readings.map(\.json)))])
    }
    try output.print(object ?? .null) { style in readings.map { $0.heatMap.text(style) }.joined(separator: "\n") }
  }

  private func summarise(
    _ dataset: Dataset, _ lens: ClassifierLens, _ cleaning: TextCleaning
  ) throws -> ClassifierLensSummary {
    let encoder = try TextEncoder(lens.model, maxLength: classification.maxLength)
    let encoded = try EncodedReviews(
      dataset, tokenizer: encoder.tokenizer, cleaning: cleaning,
      maxLength: classification.length(for: [lens.model]), threads: threads.count)
    var logits: [[[Float]]] = []
    var progress = Progress(ProgressLine(label: "lens", unit: "reviews", total: encoded.reviews.count))
    for batch in encoded.batches {
      let scores = try lens.read(PackedBatch(encoded.reviews[batch].map(\.ids)))
      logits += (0..<batch.count).map { review in scores.map { $0[review] } }
      progress.update(logits.count)
    }
    progress.clear()
    return ClassifierLensSummary(
      levels: lens.levels, logits: logits, labels: encoded.reviews.map(\.label), seed: data.seed)
  }
}
