import ArgumentParser
import Evaluation
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

extension Lens {
  /// - Throws: `ValidationError` for a sweep without what it needs.
  func validateSweep() throws {
    guard sweep.kind != nil else { return }
    let option = sweep.patchSweep == nil ? "--ablate-sweep" : "--patch-sweep"
    if sweep.patchSweep != nil, sweep.ablateSweep != nil {
      throw ValidationError("Give --patch-sweep or --ablate-sweep, not both.")
    }
    guard sweep.pairs == nil else { return }
    guard input.text.count == 1 else { throw ValidationError("\(option) needs one --text, or --pairs.") }
    if sweep.patchSweep != nil, sweep.from == nil { throw ValidationError("--patch-sweep needs --from, or --pairs.") }
    guard lens.target != nil, lens.versus != nil else {
      throw ValidationError("\(option) needs --target and --versus, whose logits it compares, or --pairs.")
    }
  }

  /// Changes one part after the other, of a text or of each text of a file.
  func runSweep(_ kind: SiteSweep.Kind, _ model: Model, _ head: Unembedding, base: Model?) throws {
    let isStamped = output.json || records.isGiven || html != nil
    let digest = isStamped ? BackgroundDigest(of: model) : nil
    let baseDigest = isStamped ? base.map { BackgroundDigest(of: $0) } : nil
    let encoder = try TextEncoder(model, encoding)
    let workspace = threads.workspace(precision.precision)
    let texts = try sweptTexts()
    let tokens = try encoder.tokenizer.singleTokens(
      texts.flatMap { text in
        sweep.pairs == nil
          ? [("--target", text.target), ("--versus", text.versus)]
          : [("\(text.text.source): target", text.target), ("\(text.text.source): versus", text.versus)]
      })
    let runner = try SweepRun(
      kind, sweep, lens, model, head, encoder,
      meanOver: interventions.meanOver.map { path in
        try InputText.lines(of: path).map { try PackedBatch([encoder.encode(fitting: model, $0).ids]) }
      }, workspace: workspace)
    let readings = try ProgressHandler.command.map(Array(texts.enumerated()), "sweep", unit: "texts") { index, text in
      try runner.read(text, target: tokens[2 * index], versus: tokens[2 * index + 1])
    }
    let seed = corpus.data.seed
    let means = try sweep.pairs.map { _ in try SweepMeans(readings.map(\.sweep), seed: seed) }
    let report = SweepReport(readings, means: means, modelName: model.name)
    try picture.write(report.heatMap)
    try tables.write(report.heatMap.tables)
    try html?.write(
      HTMLPage(
        title: "Sweep: \(model.name)",
        subtitle: "What one part after the other changes. Arrow keys move from cell to cell.",
        provenance: Provenance(
          version: Version.current, command: CommandText.invoked,
          models: [(model.name, digest), (base?.name ?? "", baseDigest)].compactMap { name, digest in
            try digest.map { .init(name, sha256: try $0.wait()) }
          }),
        sections: [
          .init(sweep.pairs ?? texts[0].text.string.shortened(to: 120), [.heatMap(report.heatMap, caption: "")])
        ]
      ).html)
    let object = try digest.map { digest in
      try ResultStamp(
        command: sweep.patchSweep == nil ? "lens-ablate-sweep" : "lens-patch-sweep", model: model, digest: digest,
        seed: means == nil ? nil : seed,
        options: encoding.members + lens.sweepMembers + sweep.members + precision.member
          + ["mean_over": interventions.meanOver]
      ).object(["unembedding_sha256": Absent(wrappedValue: try baseDigest?.wait())] + report.members)
    }
    if try records.print(Records(sweeps: object ?? .null)) { return }
    try output.print(object ?? .null, beside: picture.figure, tables.table, html) { report.text($0) }
  }

  private func sweptTexts() throws -> [SweepText] {
    if let pairs = sweep.pairs { return try SweepText.objects(of: pairs, patches: sweep.patchSweep != nil) }
    return InputText.arguments(input.text).map { text in
      SweepText(
        text, from: sweep.from.map { InputText($0, source: "--from") }, target: lens.target ?? "",
        versus: lens.versus ?? "")
    }
  }
}

/// Sweeps over one text after the other.
private struct SweepRun {
  private let kind: SiteSweep.Kind
  private let options: SweepOptions
  private let lens: LensOptions
  private let model: Model
  private let head: Unembedding
  private let encoder: TextEncoder
  private let meanOver: [PackedBatch]?
  private let workspace: Workspace

  init(
    _ kind: SiteSweep.Kind, _ options: SweepOptions, _ lens: LensOptions, _ model: Model, _ head: Unembedding,
    _ encoder: TextEncoder, meanOver: [PackedBatch]?, workspace: Workspace
  ) {
    (self.kind, self.options, self.lens, self.model) = (kind, options, lens, model)
    (self.head, self.encoder, self.meanOver, self.workspace) = (head, encoder, meanOver, workspace)
  }

  func read(_ text: SweepText, target: Int32, versus: Int32) throws -> SweepReading {
    let ids = try encoder.encode(fitting: model, text.text).ids
    let reading = SiteSweep.Reading(target, versus: versus, at: try positions(ids, text.text), head: head)
    let source = try text.source.map { source in
      let other = try encoder.encode(fitting: model, source).ids
      guard other.count == ids.count else {
        throw CommandError.unequalTexts(
          source: text.text.source, tokens: ids.count, other: source.source, otherTokens: other.count)
      }
      return (text: source.string, ids: other)
    }
    let sweep =
      if let source {
        try SiteSweep.patching(
          kind, in: ids, from: source.ids, reading: reading, model: model, workspace: workspace, progress: .command)
      } else {
        try SiteSweep.ablating(
          kind, in: ids, to: options.ablateSweep?.method == .mean ? .mean(over: meanOver) : .zero, reading: reading,
          model: model, workspace: workspace, progress: .command)
      }
    return SweepReading(
      sweep, text: text.text.string, ids: ids, source: source, target: target, versus: versus,
      tokenizer: encoder.tokenizer)
  }

  /// Those of --tokens; else the masks, in a causal model the last token.
  private func positions(_ ids: [Int32], _ text: InputText) throws -> [Int] {
    if lens.tokens != nil { return try lens.positions(ids.count, source: text.source) }
    guard model.traits.predictsMasked else { return [ids.count - 1] }
    guard let mask = encoder.tokenizer.specialTokens.mask else {
      throw CommandError.missingSpecialToken(
        directory: model.tokenizerDirectory, role: "mask", option: "a sweep without --tokens")
    }
    let masks = ids.indices.filter { ids[$0] == mask }
    guard !masks.isEmpty else {
      throw CommandError.noMask(text: text.string, mask: encoder.tokenizer.display(mask))
    }
    return masks
  }
}
