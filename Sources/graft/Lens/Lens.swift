import ArgumentParser
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

struct Lens: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read every layer as words: what would the model say if it stopped here?",
    discussion: """
      Shows a heat map: levels upward (embed is hidden state 0, L3 the state after block 3), tokens along x, the most \
      probable token in each cell, and a mark where it is the final answer. GPT-2 is read through ln_f and its matrix \
      and predicts the next token; BERT, DistilBERT and RoBERTa through the whole masked-LM head, each token at its own \
      place: put the mask token ([MASK], in RoBERTa's vocabulary <mask>) into the text, or --mask-each. --beside shows a \
      second prompt to the right.

      --attribute shows which heads and blocks make a logit, --ablate what the model says without one of them, --patch \
      with a state of another text; --patch-sweep and --ablate-sweep do so at every level and token, or head, in turn, and \
      show how much of a logit difference each makes.

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
        graft lens imdb-bert-1 --text 'the plot is [MASK] and awful .' \\
          --from 'the plot is [MASK] and superb .' --target good --versus bad \\
          --patch-sweep residPost --figure sweep.pdf
        graft lens imdb-gpt2-wide --dataset evaluation/imdb/test.jsonl -o run
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: PromptOptions
  @OptionGroup var lens: LensOptions
  @OptionGroup var tuning: TunedOptions
  @OptionGroup var corpus: LensCorpusOptions
  @OptionGroup var recording: RunOptions
  @OptionGroup var interventions: InterventionOptions
  @OptionGroup var sweep: SweepOptions
  @OptionGroup var attribution: LogitAttributionOptions

  @Option(
    help:
      """
      Colour by: probability, entropy, kl, loss, rank, final-rank; target, target-rank and difference follow a token \
      (default: difference with --versus, target with --target, else probability; over a dataset kl).
      """)
  var show: LensStatistic?

  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions

  @Option(help: .file("Also write a page with all texts; hover shows what is behind a cell."))
  var html: FileOutput?

  @OptionGroup var encoding: EncodingOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var records: RecordOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if tuning.tuned != nil, input.beside != nil { throw ValidationError("Give --tuned or --beside, not both.") }
    if interventions.unchanged, input.beside != nil { throw ValidationError("Give --beside or --unchanged, not both.") }
    try validateSweep()
  }

  func run() throws {
    let opened = try model.open()
    let base = try lens.unembedding.map { try CheckpointArgument.open($0) }
    let heads = try lens.head.heads(of: opened, borrowing: base)
    if tuning.tuned != nil { _ = try opened.requireCheckpoint() }
    if let kind = sweep.kind {
      return try runSweep(kind, opened.requireCheckpoint(), heads[0], base: base)
    }
    if corpus.isGiven { return try runCorpus(opened, heads, base: base) }
    let isStamped = output.json || records.isGiven || html != nil
    let digest = isStamped ? BackgroundDigest(of: opened) : nil
    let baseDigest = isStamped ? base.map { BackgroundDigest(of: $0) } : nil
    let encoder = try TextEncoder(opened, encoding)
    let workspace = threads.workspace(precision.precision)
    let changer = try interventions.changer(of: opened, encoder, workspace: workspace)
    let run = try LensRun(
      opened, heads, encoder, lens, tuned: tuning.tuned.map { try TunedLens(path: $0) }, changer, workspace: workspace)
    let attributor =
      try attribution.attribute
      ? LensAttributor(
        opened.requireCheckpoint(), head: heads[0], lens, encoder.tokenizer, workspace: workspace) : nil
    let texts = try input.texts()
    _ = try encoder.tokenizer.singleTokens(texts.compactMap { text in text.target.map { (text.targetSource, $0) } })
    func read(_ text: InputText, changing: Bool = true) throws -> LensReading {
      let reading = try run.read(text, changing: changing)
      return reading.attributed(try attributor?.attributions(of: reading) ?? [])
    }
    let beside = try input.beside.map { try read(InputText($0, source: "--beside")) }
    // What is shown side by side: a text, or a text without and with what is changed.
    let groups = try ProgressHandler.command.map(texts, "lens", unit: "texts") { text in
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
          + precision.member
      )
      .object(
        [
          "unembedding_sha256": Absent(wrappedValue: try baseDigest?.wait()),
          "results": Array(groups.joined()) + others,
        ] + tunedMembers)
    }
    let isAttributed = attribution.attribute
    try tables.write(figures.flatMap { isAttributed ? $0.attributedTables(top: lens.top) : $0.tables })
    if try records.print(isAttributed ? Records(logitParts: object ?? .null) : Records(lens: object ?? .null)) {
      return
    }
    try output.print(object ?? .null, beside: picture.figure, tables.table, html) { style in
      figures.map { isAttributed ? $0.attributedText(style, top: lens.top) : $0.text(style) }
        .joined(separator: "\n")
    }
  }

  private func writePictures(_ figures: [LensFigure], models: () throws -> [Provenance.Source]) throws {
    guard let first = figures.first else { return }
    try picture.write(first.picture)
    guard let html else { return }
    let page = HTMLPage(
      title: "Lens: \(first.readings[0].modelName)",
      subtitle: "Every layer read as words. Arrow keys move from cell to cell.",
      provenance: Provenance(version: Version.current, command: CommandText.invoked, models: try models()),
      sections: figures.map(\.section))
    try html.write(page.html)
  }
}
