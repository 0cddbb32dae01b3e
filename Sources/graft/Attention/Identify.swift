import ArgumentParser
import Checkpoints
import DenseMath
import Evaluation
import Files
import Foundation
import Interpretability
import Reporting
import Transformer

struct Identify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find out what attention weights and hidden states identify: effective attention, tokens.",
    discussion: """
      A head adds A T to the residual stream, T = (X W_V + b_V) W_O. T has at most as many dimensions as the head, so in \
      a longer text a part of the weights A can be changed without a trace. Effective attention is A without that part. \
      For texts: one line per head, pages and pictures. Without a text: statistics over a dataset with intervals, by default \
      200 reviews of the IMDB sample that comes with graft, their first 256 tokens.

      Over a dataset also token identifiability: a map from each layer's hidden states back to the inputs, and whether \
      the nearest input in the same text is the token's own. Maps are fitted to 70% of the texts, stopped by 15% and \
      scored on the rest.

      EXAMPLES:
        graft identify imdb-bert-1 --text 'a waste of two hours' --html a.html
        graft identify imdb-gpt2-wide --text 'a fine film' --heads L0H1,L4H2 \\
          --html heads.html
        graft identify imdb-bert-1 --measure tokens --maps identity,linear
        graft identify imdb-bert-1 --dataset evaluation/imdb/test.jsonl \\
          --limit 500 -o run
        graft identify imdb-bert-1 --dataset evaluation/imdb/test.jsonl \\
          --limit 500 -o run --resume
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []

  @Option(help: ArgumentHelp("A file with one text per line ('-' reads standard input).", valueName: "path"))
  var file: String?

  @OptionGroup var effective: EffectiveAttentionOptions

  @Option(
    help: ArgumentHelp("The heads of the page and the picture (default: all that fit).", valueName: "L3H2,..."),
    transform: { try CommaList.values($0, HeadPlace.init(argument:)) })
  var heads: [HeadPlace]?

  @Option(help: "What the picture of a head shows: raw, effective or null.")
  var show: AttentionPart = .effective

  @Option(
    help: ArgumentHelp(
      "Without texts: lengths that every review is cut to, for r by length.", valueName: "16,32"),
    transform: CommaList.numbers)
  var lengths: [Int]?

  @Option(help: "Over a dataset: attention, tokens or both.")
  var measure: IdentifyMeasure = .both

  @OptionGroup var maps: TokenMapOptions
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var recording: RunOptions

  @Option(help: .file("Write a page: every head of a text, or the statistics of a dataset."))
  var html: FileOutput?

  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions

  @Option(help: .file("Write raw and effective weights of a text as safetensors."))
  var save: FileOutput?

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  /// Whether texts were given.
  private var readsTexts: Bool { !text.isEmpty || file != nil }

  func validate() throws {
    if !text.isEmpty, file != nil { throw ValidationError("Give --text or --file, not both.") }
    if readsTexts, data.dataset != nil { throw ValidationError("Give one of --text, --file and --dataset, not both.") }
    if let wrong = lengths?.first(where: { $0 < 2 }) {
      throw ValidationError("--lengths must be at least 2, not \(wrong).")
    }
  }

  func run() throws {
    let opened = try model.open()
    try heads?.check(against: opened)
    if readsTexts { return try read(opened) }
    try IdentifyRun(self, opened).run()
  }

  private func read(_ model: any TransformerModel) throws {
    let digest = output.json || html != nil ? BackgroundDigest(of: model) : nil
    let cleaning = try classification.cleaning(for: model)
    let encoder = try TextEncoder(model, maxLength: classification.maxLength)
    let study = AttentionStudy(model, try effective.method(for: model), tokenizer: encoder.tokenizer)
    let inputs = try file.map { try InputText.lines(of: $0) } ?? InputText.arguments(text)
    if save != nil, inputs.count > 1 { throw ValidationError("--save keeps one text, not \(inputs.count).") }
    let workspace = threads.workspace()
    var room = Self.pageCharacters
    var left = 0
    var saved = SavedAttention()
    let heads = model.blockDimensions.reduce(0) { $0 + $1.heads }
    let progress = Progress(.init("identify", unit: "heads", total: inputs.count * heads))
    defer { progress.clear() }
    var done = 0
    let results = try inputs.map { input -> IdentifiedText in
      let tokens = try encoder.encode(Array(cleaning.clean(input.string).utf8), source: input.source)
      var kept: [EffectiveAttention.Head] = []
      let record = try study.record(id: input.id ?? input.source, tokens.ids, workspace: workspace) { head in
        done += 1
        progress.update(done)
        if save != nil { saved.add(head) }
        guard html != nil || picture.figure != nil,
          self.heads?.contains(.init(layer: head.layer, head: head.head)) ?? true
        else {
          return
        }
        let size = MatrixPanels.pageSize(ofItemWith: tokens.ids.count)
        guard size <= room || (kept.isEmpty && room == Self.pageCharacters) else { return left += 1 }
        room -= size
        kept.append(head)
      }
      return IdentifiedText(
        text: input, tokens: tokens, record: record, targets: study.targets, kept: kept,
        tokenizer: encoder.tokenizer, modelName: model.name, simplex: effective.simplex)
    }
    if let save, let first = results.first { try saved.write(ids: first.ids, to: save.path) }
    try writePictures(results, left: left, digest)
    let object = try digest.map { digest in
      try ResultStamp(
        command: "identify", model: model, digest: digest,
        options: classification.members(cleaning) + effective.members
      ).object(["results": results])
    }
    try tables.write(results.map(\.table))
    try output.print(object ?? .null, beside: save, picture.figure, tables.table, html) {
      results.map(\.table).text($0)
    }
  }

  /// What a page may hold of weights, so that a browser opens it.
  private static let pageCharacters = 24_000_000
  /// The longest text whose picture still has cells to be told apart.
  private static let pictureTokens = 128

  private func writePictures(_ results: [IdentifiedText], left: Int, _ digest: BackgroundDigest?) throws {
    if picture.figure != nil, let first = results.first, let head = first.kept.first {
      guard first.ids.count <= Self.pictureTokens else {
        throw CommandError.tooLongForPicture(
          source: first.text.source, tokens: first.ids.count, most: Self.pictureTokens,
          advice: "--html, which shows long texts")
      }
      try picture.write(first.heatMap(head, show: show))
    }
    guard let html, let digest, let first = results.first else { return }
    let note =
      left == 0
      ? []
      : [
        HTMLPage.Block.note(
          "\(left.counted("head")) of these texts left out, since a page holds about "
            + "\(Self.pageCharacters.asByteCount) of weights; --heads chooses which ones.")
      ]
    let page = HTMLPage(
      title: "Effective attention: \(first.modelName)",
      subtitle: "Rows look at columns. Blue is above 0, orange below. Choose a row by a click on a cell or a token.",
      provenance: Provenance(first.modelName, sha256: try digest.wait()),
      sections: results.enumerated().map { index, result in
        .init(
          result.text.string.shortened(to: 120),
          (index == 0 ? note : []) + (result.panels(show: show).map { [.matrices($0, caption: "")] } ?? [])
            + [.table(result.table)])
      })
    try html.write(page.html)
    if left > 0 {
      Console.note("the page leaves out \(left.counted("head")) to stay small; --heads chooses which it holds")
    }
  }
}

/// The weights of one text on their way to a file.
private struct SavedAttention {
  private var raw: [Int: [Tensor]] = [:]
  private var effective: [Int: [Double]] = [:]
  private var size = 0

  mutating func add(_ head: EffectiveAttention.Head) {
    size = head.raw.rows
    raw[head.layer, default: []].append(head.raw.tensor)
    effective[head.layer, default: []] += head.effective.values
  }

  /// `attention.L` and `effective_attention.L`, [H, T, T], for each block L.
  func write(ids: [Int32], to path: String) throws {
    var writer = SafetensorsWriter()
    writer.add("ids", shape: [ids.count], integers: ids.map(Int.init))
    for (layer, tensors) in raw { writer.add("attention.\(layer)", stacking: tensors) }
    for (layer, values) in effective {
      writer.add(
        "effective_attention.\(layer)", shape: [values.count / (size * size), size, size], doubles: values)
    }
    try writer.write(to: path)
  }
}
