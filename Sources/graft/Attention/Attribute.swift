import ArgumentParser
import DenseMath
import Evaluation
import Files
import Foundation
import Interpretability
import Reporting
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
      special tokens; with -o they go into a folder, and --resume resumes a run that was stopped.

      --method input-gradient and integrated: what each token adds to a classifier's score. docs/attribution.md defines \
      every number.

      EXAMPLES:
        graft attribute imdb-bert-1 --text 'a great film' --exact --html page.html
        graft attribute imdb-gpt2-wide --dataset evaluation/imdb/test.jsonl \\
          --limit 50 --max-length 64
        graft attribute imdb-bert-1 --dataset evaluation/imdb/test.jsonl \\
          --limit 50 --max-length 64 -o run
        graft attribute imdb-bert-1 --dataset evaluation/imdb/test.jsonl \\
          --limit 50 --max-length 64 -o run --resume
        graft attribute imdb-bert-1-sentiment --text 'a waste of two hours' \\
          --method integrated
      """)

  @OptionGroup var model: CheckpointArgument

  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []

  @Option(help: ArgumentHelp("A file with one text per line ('-' reads standard input).", valueName: "path"))
  var file: String?

  @OptionGroup var data: DatasetOptions
  @OptionGroup var attribution: AttributionOptions
  @OptionGroup var classification: ClassificationOptions

  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions

  @Option(help: .file("Also write a page with everything."))
  var html: FileOutput?

  @OptionGroup var recording: RunOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var records: RecordOptions
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
    let opened = try model.open()
    let level = try attribution.level(of: opened)
    let isStamped = output.json || records.isGiven || html != nil || recording.output != nil
    let digest = isStamped ? BackgroundDigest(of: opened) : nil
    let run = try AttributionRun(
      opened, attribution, classification, seed: data.seed, threads: threads.count)
    func stamp(_ dataset: Dataset? = nil) -> ResultStamp? {
      digest.map {
        ResultStamp(
          command: "attribute", model: opened, digest: $0, dataset: dataset,
          seed: attribution.method == .tokens ? data.seed : nil,
          options: attribution.members(seed: data.seed, baseline: run.baseline)
            + classification.members(run.cleaning) + (dataset == nil ? [:] : data.members) + threads.member)
      }
    }
    if data.dataset != nil {
      return try runDataset(opened, run) { stamp($0) }
    }
    let texts = text.isEmpty ? try InputText.lines(of: file ?? "-") : InputText.arguments(text)
    let inputs = try texts.map { (text: $0, tokens: try run.encode($0)) }
    // Before the work, which may take hours.
    let shown = try AttributionPictures(svg: picture.figure != nil, html: html != nil, levels: opened.dimensions.layers)
      .check(inputs.map { ($0.text.source, $0.tokens.ids.count) }, isPairwise: attribution.method == .tokens)
    let readings = try ProgressHandler.command.map(inputs, "attribute", unit: "texts") {
      try run.read($0.text, $0.tokens)
    }
    if let first = readings.first { try picture.write(first.heatMap(level: level)) }
    try tables.write(readings.flatMap { $0.tables(level: level) })
    if let html, let digest {
      let page = HTMLPage(
        title: "Attribution: \(opened.name)", subtitle: readings.first?.subtitle ?? "",
        provenance: Provenance(opened.name, sha256: try digest.wait()),
        sections: readings.prefix(shown).map {
          .init($0.text.shortened(to: 120), [.heatMap($0.heatMap(level: level), caption: $0.caption)])
        })
      try html.write(page.html)
    }
    let problem = Absent(wrappedValue: run.classifier?.problemType.rawValue)
    let object = try stamp()?.object(["problem_type": problem, "results": readings])
    if try records.print(Records(attribution: object ?? .null)) { return }
    try output.print(object ?? .null, beside: picture.figure, tables.table, html) { style in
      readings.map { $0.text(style, level: level) }.joined(separator: "\n")
    }
  }
}

/// Attributes one text after the other.
struct AttributionRun {
  let cleaning: TextCleaning
  /// For integrated gradients.
  let baseline: DecisionAttribution.Baseline?
  let model: Model
  private let options: AttributionOptions
  let encoder: TextEncoder
  /// nil for states.
  let classifier: Classification?
  private let label: Int?
  let maxLength: Int
  private let seed: UInt64
  let workspace: Workspace
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
    maxLength = try classification.length(for: [model])
    if options.method == .tokens {
      (classifier, label, baseline) = (nil, nil, nil)
    } else {
      let classifier = try model.classification()
      self.classifier = classifier
      label = try options.label(of: classifier)
      let usual: DecisionAttribution.Baseline = encoder.tokenizer.specialTokens.mask == nil ? .mean : .mask
      baseline = options.method == .integrated ? options.baseline ?? usual : nil
    }
    workspace = Workspace(threads: threads)
    derivatives = DerivativeWorkspace(threads: threads)
  }

  func encode(_ text: InputText) throws -> EncodedText {
    let bytes = cleaning == .none ? text.bytes : Array(cleaning.clean(text.string).utf8)
    return try encoder.encode(bytes, source: text.source)
  }

  func read(_ text: InputText, _ tokens: EncodedText) throws -> AttributionReading {
    let batch = try PackedBatch([tokens.ids])
    let labels = classifier?.labels ?? []
    let result: AttributionReading.Result
    switch options.method {
    case .tokens:
      result = .states(
        try attribution(batch, progress: .command), isExact: options.exact || options.definition == .ones)
    case .inputGradient:
      result = .decision(
        try .inputTimesGradient(
          of: model, batch, label: label, workspace: workspace, derivatives: derivatives), labels)
    case .integrated:
      result = .decision(
        try .integratedGradients(
          of: model, tokens.ids, label: label, baseline: baseline ?? .zero, keeping: special(tokens.ids),
          mask: encoder.tokenizer.specialTokens.mask, steps: options.steps, workspace: workspace,
          derivatives: derivatives, progress: .command), labels)
    }
    return AttributionReading(
      text: text.string, ids: tokens.ids, tokens: tokens.ids.map(encoder.tokenizer.display),
      truncated: tokens.truncated, result: result, modelName: model.name)
  }

  func attribution(
    _ batch: PackedBatch, progress: ProgressHandler = .none
  ) throws -> TokenAttribution {
    try TokenAttribution(
      of: model, batch, definition: options.definition(seed: seed), workspace: workspace, derivatives: derivatives,
      progress: progress)
  }

  func special(_ ids: [Int32]) -> [Bool] {
    let tokens = encoder.tokenizer.specialTokens
    let special = [tokens.cls, tokens.sep, tokens.bos, tokens.eos, tokens.pad].compactMap { $0 }
    return ids.map { special.contains($0) }
  }
}
