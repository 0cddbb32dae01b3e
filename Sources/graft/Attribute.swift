import ArgumentParser
import DenseMath
import Evaluation
import Files
import Foundation
import Interpretability
import Reporting
import Tokenization
import Training
import Transformer

struct Attribute: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Who does a hidden state listen to? Attribute states and decisions to tokens.",
    discussion: """
      Hidden token attribution (Brunner et al. 2020): the share of token i in the state of token j of a level, by the norm \
      of the state's Jacobian with respect to the token's embedding output. --exact follows every direction; the default \
      estimates the same norm from random ones and states its standard error. With --dataset: what the levels say over \
      all texts, a token's own share (quartiles), how often another token has the largest, by distance, and to and from \
      special tokens.

      --method input-gradient and integrated: what each token adds to a classifier's score. docs/attribution.md defines \
      every number.

      EXAMPLES:
        graft attribute imdb-bert-1 --text 'a great film' --exact --html attribution.html
        graft attribute imdb-gpt2-wide --dataset evaluation/imdb/test.jsonl --limit 50 --max-length 64
        graft attribute imdb-bert-1-sentiment --text 'a waste of two hours' --method integrated
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []

  @Option(help: ArgumentHelp("A file with one text a line ('-' reads standard input).", valueName: "path"))
  var file: String?

  @OptionGroup var data: DatasetOptions
  @OptionGroup var attribution: AttributionOptions
  @OptionGroup var classification: ClassificationOptions

  @Option(
    help: .file("Also write the picture as SVG: of the first text, or over the dataset."))
  var svg: FileOutput?

  @Option(help: .file("Also write a page with everything."))
  var html: FileOutput?

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    let given = [!text.isEmpty, file != nil, data.dataset != nil].count { $0 }
    if given > 1 { throw ValidationError("Give one of --text, --file and --dataset.") }
    if given == 0, isatty(STDIN_FILENO) == 1 {
      throw ValidationError("Give --text, --file or --dataset, or pipe text in.")
    }
    if data.dataset != nil, attribution.method != .tokens {
      throw ValidationError("--dataset goes with --method tokens.")
    }
  }

  func run() throws {
    guard let opened = try model.open() as? Model else {
      throw ValidationError("\(model.model) is two models joined; give one checkpoint.")
    }
    let level = try attribution.level(of: opened)
    let digest = output.json ? BackgroundDigest(of: opened) : nil
    let run = try AttributionRun(
      opened, attribution, classification, seed: data.seed, threads: threads.count)
    func stamp(_ dataset: Dataset? = nil) -> ResultStamp? {
      digest.map {
        ResultStamp(
          command: "attribute", model: opened, digest: $0, dataset: dataset,
          seed: attribution.method == .tokens ? data.seed : nil,
          options: .object(
            attribution.members(seed: data.seed, baseline: run.baseline)
              + classification.members(run.cleaning) + (dataset == nil ? [] : data.members) + [threads.member]))
      }
    }
    if data.dataset != nil {
      let dataset = try data.read()
      let report = AttributionStatisticsReport(
        try run.statistics(of: dataset), model: opened.name, dataset: dataset.name)
      try svg?.write(report.ownChart.svg())
      try html?.write(report.page.html)
      return try output.print(stamp(dataset)?.object(report.members) ?? .null, beside: svg, html) { report.text($0) }
    }
    let texts = text.isEmpty ? try InputText.lines(of: file ?? "-") : InputText.arguments(text)
    let readings = try texts.map { try run.read($0) }
    if let svg, let first = readings.first {
      try svg.write(first.heatMap.svg(statistic: first.statistic(level)))
    }
    if let html {
      let page = HTMLPage(
        title: "Attribution: \(opened.name)", subtitle: readings.first?.subtitle ?? "",
        sections: readings.map { .init($0.text.shortened(to: 120), [.heatMap($0.heatMap, caption: $0.caption)]) })
      try html.write(page.html)
    }
    let object = stamp()?.object([JSON.Member("results", .array(readings.map(\.json)))])
    try output.print(object ?? .null, beside: svg, html) { style in
      readings.map { $0.text(style, level: level) }.joined(separator: "\n")
    }
  }
}

/// Attributes one text after the other.
struct AttributionRun {
  let cleaning: TextCleaning
  /// For integrated gradients.
  let baseline: DecisionAttribution.Baseline?
  private let model: Model
  private let options: AttributionOptions
  private let encoder: TextEncoder
  private let labels: [String]
  private let label: Int?
  private let maxLength: Int
  private let seed: UInt64
  private let workspace: Workspace
  private let derivatives: DerivativeWorkspace

  init(
    _ model: Model, _ options: AttributionOptions, _ classification: ClassificationOptions, seed: UInt64,
    threads: Threads
  ) throws {
    self.model = model
    self.options = options
    self.seed = seed
    encoder = try TextEncoder(model, maxLength: classification.maxLength)
    cleaning = try classification.cleaning(for: model)
    maxLength = classification.length(for: [model])
    if options.method == .tokens {
      (labels, label, baseline) = ([], nil, nil)
    } else {
      _ = try model.requireClassifier()
      labels = try model.labels()
      label = try options.label(among: labels)
      let usual: DecisionAttribution.Baseline = encoder.tokenizer.specialTokens.mask == nil ? .mean : .mask
      baseline = options.method == .integrated ? options.baseline ?? usual : nil
    }
    workspace = Workspace(threads: threads)
    derivatives = DerivativeWorkspace(threads: threads)
  }

  func read(_ text: InputText) throws -> AttributionReading {
    let bytes = cleaning == .none ? text.bytes : Array(cleaning.clean(text.string).utf8)
    let tokens = try encoder.encode(bytes, source: text.source)
    let batch = try PackedBatch([tokens.ids])
    let result: AttributionReading.Result
    switch options.method {
    case .tokens: result = .states(try attribution(batch), isExact: options.exact || options.definition == .ones)
    case .inputGradient:
      result = .decision(
        try .inputTimesGradient(
          of: model, batch, label: label, workspace: workspace, derivatives: derivatives), labels)
    case .integrated:
      result = .decision(
        try .integratedGradients(
          of: model, tokens.ids, label: label, baseline: baseline ?? .zero, keeping: special(tokens.ids),
          mask: encoder.tokenizer.specialTokens.mask, steps: options.steps, workspace: workspace,
          derivatives: derivatives), labels)
    }
    return AttributionReading(
      text: text.string, ids: tokens.ids, tokens: tokens.ids.map(encoder.tokenizer.display),
      truncated: tokens.truncated, result: result, modelName: model.name)
  }

  func statistics(of dataset: Dataset) throws -> AttributionStatistics {
    let encoded = try EncodedReviews(
      dataset, tokenizer: encoder.tokenizer, cleaning: cleaning, maxLength: maxLength, threads: workspace.threads)
    var statistics = AttributionStatistics(levels: model.dimensions.layers)
    var progress = Progress(ProgressLine(label: "attribute", unit: "texts", total: encoded.reviews.count))
    for (index, review) in encoded.reviews.enumerated() {
      let found = try attribution(PackedBatch([review.ids]))
      statistics.add(contributions: found.contributions, tokens: review.ids.count, special: special(review.ids))
      progress.update(index + 1)
    }
    progress.clear()
    return statistics
  }

  private func attribution(_ batch: PackedBatch) throws -> TokenAttribution {
    try TokenAttribution(
      of: model, batch, definition: options.definition(seed: seed), workspace: workspace, derivatives: derivatives)
  }

  private func special(_ ids: [Int32]) -> [Bool] {
    let tokens = encoder.tokenizer.specialTokens
    let special = [tokens.cls, tokens.sep, tokens.bos, tokens.eos, tokens.pad].compactMap { $0 }
    return ids.map { special.contains($0) }
  }
}
