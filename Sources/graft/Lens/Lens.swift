import ArgumentParser
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

struct Lens: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read every layer as words: what would the model say if it stopped here?",
    discussion: """
      Shows a heat map: levels upward (embed is hidden state 0, L3 the state after block 3), tokens along x, the most \
      probable token in each cell, and a mark where it is the final answer. GPT-2 is read through ln_f and its matrix \
      and predicts the next token; BERT through its whole masked-LM head, each token at its own place: put [MASK] into \
      the text, or --mask-each. --beside shows a second prompt to the right.

      --attribute shows which heads and blocks make a logit, --ablate what the model says without one of them, --patch \
      with a state of another text.

      With --dataset: means over all its texts, one row per level, with intervals: entropy, KL(final || level), the true \
      token's cross-entropy in nats and bits per byte, agreement with the final answer, from which level on it stands, \
      and the bias, KL(mean final || mean level). With -o the run can be stopped and resumed.

      EXAMPLES:
        graft lens imdb-gpt2-wide --text 'This movie was a complete waste of'
        graft lens imdb-bert-1 --text 'the acting is [MASK] .' \\
          --target good --versus bad
        graft lens imdb-bert-1 --text 'a great film' --mask-each --html lens.html
        graft lens imdb-gpt2-wide --text 'a complete waste of' --attribute
        graft lens imdb-bert-1 --text 'a [MASK] film' --ablate L2H1 --unchanged
        graft lens imdb-gpt2-wide --dataset evaluation/imdb/test.jsonl -o run
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: PromptOptions
  @OptionGroup var lens: LensOptions
  @OptionGroup var tuning: TunedOptions
  @OptionGroup var corpus: LensCorpusOptions
  @OptionGroup var recording: RunOptions
  @OptionGroup var interventions: InterventionOptions
  @OptionGroup var attribution: LogitAttributionOptions

  @Option(
    help:
      """
      Colour by: probability, entropy, kl, loss, rank, final-rank; target, target-rank and difference follow a token \
      (default: difference with --versus, target with --target, else probability; over a dataset kl).
      """)
  var show: LensStatistic?

  @Option(help: .file("Also write the picture of the first text as SVG."))
  var svg: FileOutput?

  @Option(help: .file("Also write a page with all texts; hover shows what is behind a cell."))
  var html: FileOutput?

  @OptionGroup var encoding: EncodingOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if tuning.tuned != nil, input.beside != nil { throw ValidationError("Give --tuned or --beside, not both.") }
    if interventions.unchanged, input.beside != nil { throw ValidationError("Give --beside or --unchanged, not both.") }
  }

  func run() throws {
    let opened = try model.open()
    let base = try lens.unembedding.map { try CheckpointArgument.open($0) }
    let heads = try LensHeads(opened, lens.head, borrowing: base)
    if tuning.tuned != nil { _ = try opened.requireCheckpoint() }
    if corpus.isGiven { return try runCorpus(opened, heads, base: base) }
    let isStamped = output.json || html != nil
    let digest = isStamped ? BackgroundDigest(of: opened) : nil
    let baseDigest = isStamped ? base.map { BackgroundDigest(of: $0) } : nil
    let encoder = try TextEncoder(opened, encoding)
    let workspace = threads.workspace()
    let changer = try SiteChanger(interventions, opened, encoder, workspace: workspace)
    let run = try LensRun(
      opened, heads, encoder, lens, tuned: tuning.tuned.map { try TunedLens(path: $0) }, changer, workspace: workspace)
    let attributor =
      try attribution.attribute
      ? LensAttributor(
        opened.requireCheckpoint(), head: heads.segments[0], lens, encoder.tokenizer, workspace: workspace) : nil
    let texts = try input.texts()
    _ = try encoder.tokenizer.singleTokens(texts.compactMap { text in text.target.map { (text.targetSource, $0) } })
    func read(_ text: InputText, changing: Bool = true) throws -> LensReading {
      let reading = try run.read(text, changing: changing)
      return reading.attributed(try attributor?.attributions(of: reading) ?? [])
    }
    let beside = try input.beside.map { try read(InputText(bytes: Array($0.utf8), source: "--beside")) }
    // What is shown side by side: a text, or a text without and with what is changed.
    let groups = try texts.mapShowingProgress("lens", unit: "texts") { text in
      (interventions.unchanged ? [try read(text, changing: false)] : []) + [try read(text)]
    }
    let others = [beside].compactMap { $0 }
    let figures = groups.map {
      LensFigure(($0 + others).flatMap { [$0.plain, $0.tuned].compactMap { $0 } }, show: show)
    }
    try writePictures(figures) {
      try [(opened.name, digest), (base?.name ?? "", baseDigest)].compactMap { name, digest in
        try digest.map { .init(name, sha256: try $0.wait()) }
      }
    }
    let tunedMembers = try tuning.members()
    let object = try digest.map { digest in
      try ResultStamp(
        command: "lens", model: opened, digest: digest,
        options: encoding.members + input.members + lens.members + interventions.members + attribution.member
      )
      .object(
        [
          "unembedding_sha256": Absent(wrappedValue: try baseDigest?.wait()),
          "results": Array(groups.joined()) + others,
        ] + tunedMembers)
    }
    try output.print(object ?? .null, beside: svg, html) { style in
      figures.map { attribution.attribute ? $0.attributedText(style, top: lens.top) : $0.text(style) }
        .joined(separator: "\n")
    }
  }

  private func writePictures(_ figures: [LensFigure], models: () throws -> [Provenance.Source]) throws {
    guard let first = figures.first else { return }
    try svg?.write(first.attributedSVG ?? first.svg)
    guard let html else { return }
    let page = HTMLPage(
      title: "Lens: \(first.readings[0].modelName)",
      subtitle: "Every layer read as words. Arrow keys move from cell to cell.",
      provenance: Provenance(version: Version.current, command: CommandText.invoked, models: try models()),
      sections: figures.map(\.section))
    try html.write(page.html)
  }
}

/// Reads one text after the other.
struct LensRun {
  private let model: any TransformerModel
  private let encoder: TextEncoder
  private let options: LensOptions
  private let lens: LogitLens
  private let changer: SiteChanger
  private let target: Int32?
  private let versus: Int32?
  private let workspace: Workspace

  /// - Parameter tuned: reads beside the plain lens.
  /// - Throws: `CommandError.unknownToken`, `.missingSpecialToken`, `InterpretabilityError`.
  init(
    _ model: any TransformerModel, _ heads: LensHeads, _ encoder: TextEncoder, _ options: LensOptions,
    tuned: TunedLens?,
    _ changer: SiteChanger,
    workspace: Workspace
  ) throws {
    self.changer = changer
    self.model = model
    self.encoder = encoder
    self.options = options
    if options.maskEach, encoder.tokenizer.specialTokens.mask == nil {
      throw CommandError.missingSpecialToken(
        directory: model.tokenizerDirectory, role: "mask", option: "--mask-each")
    }
    let tokenizer = encoder.tokenizer
    target = try options.target.flatMap { try tokenizer.singleTokens([("--target", $0)]).first }
    versus = try options.versus.flatMap { try tokenizer.singleTokens([("--versus", $0)]).first }
    lens = try LogitLens(
      model, heads: heads.segments,
      levels: LensLevel.all(
        blocks: model.blockDimensions.count, sublayers: options.sublayers, updates: options.updates,
        tuned: tuned != nil), tuned: tuned)
    self.workspace = workspace
  }

  /// - Parameter changing: whether with what --ablate and --patch ask for.
  func read(_ text: InputText, changing: Bool = true) throws -> LensReading {
    let tokens = try encoder.encode(text.bytes, source: text.source)
    guard tokens.ids.count <= model.positions else {
      throw CommandError.promptTooLong(source: text.source, tokens: tokens.ids.count, positions: model.positions)
    }
    let tokenizer = encoder.tokenizer
    let target = try text.target.map { try SingleToken($0, from: text.targetSource, tokenizer).id } ?? self.target
    let interventions = changing ? try changer.interventions(for: tokens.ids) : []
    var positions = try options.positions(tokens.ids.count, source: text.source)
    let (cells, truth): ([[LensCell]], [Int32?])
    if options.maskEach, let mask = tokenizer.specialTokens.mask {
      let special = tokenizer.specialTokens
      positions = positions.filter { ![special.cls, special.sep].contains(tokens.ids[$0]) }
      guard !positions.isEmpty else { throw CommandError.emptyText(source: text.source) }
      truth = positions.map { tokens.ids[$0] }
      cells = try readMasked(tokens.ids, positions, mask: mask, target: target, interventions)
    } else {
      let isCausal = model.traits.isCausal
      truth = positions.map { !isCausal || $0 + 1 >= tokens.ids.count ? nil : tokens.ids[$0 + 1] }
      cells = try read(PackedBatch([tokens.ids]), rows: positions, truth: truth, target: target, interventions)
    }
    return LensReading(
      text: text, ids: tokens.ids, truncated: tokens.truncated, positions: positions, levels: lens.levels,
      cells: cells, truth: truth, masksEach: options.maskEach,
      interventions: interventions, changes: changing ? changer.changes.map(\.description) : [], target: target,
      versus: versus,
      followed: LensFollowed(
        target: target.map(tokenizer.display), versus: versus.map(tokenizer.display)),
      tokenizer: tokenizer, modelName: model.name)
  }

  /// The cells of the rows of a batch, [levels][rows]; each follows its true token, the target and what it is compared with.
  private func read(
    _ batch: PackedBatch, rows: [Int], truth: [Int32?], target: Int32?, _ interventions: [Intervention]
  ) throws -> [[LensCell]] {
    var cells = [[LensCell]](repeating: [], count: lens.levels.count)
    try lens.read(
      batch, rows: rows, top: options.top, following: { [truth[$0], target, versus] },
      interventions: interventions, workspace: workspace
    ) { _, levels in
      for (level, cell) in levels.enumerated() { cells[level].append(cell) }
    }
    return cells
  }

  /// One copy of the text a place, with the mask there; about 2,048 tokens at a time.
  private func readMasked(
    _ ids: [Int32], _ positions: [Int], mask: Int32, target: Int32?, _ interventions: [Intervention]
  ) throws -> [[LensCell]] {
    var all = [[LensCell]](repeating: [], count: lens.levels.count)
    let size = max(1, 2048 / ids.count)
    for start in stride(from: 0, to: positions.count, by: size) {
      let places = positions[start..<min(start + size, positions.count)]
      let copies = places.map { place in
        var copy = ids
        copy[place] = mask
        return copy
      }
      let rows = places.enumerated().map { $0 * ids.count + $1 }
      let cells = try read(
        PackedBatch(copies), rows: rows, truth: places.map { ids[$0] }, target: target, interventions)
      for level in cells.indices { all[level] += cells[level] }
    }
    return all
  }
}

extension LensCell {
  /// Of the true token; nil where it is unknown.
  var truth: Followed? { followed[0] }
  var target: Followed? { followed[1] }
  var versus: Followed? { followed[2] }
}
