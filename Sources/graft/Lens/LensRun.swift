import Evaluation
import Interpretability
import Reporting
import Tokenization
import Transformer

/// Reads one text after the other, as the options of `graft lens` ask for.
struct LensRun {
  private let encoder: TextEncoder
  private let options: LensOptions
  private let lens: LogitLens
  private let changer: SiteChanger
  private let targets: LensTargets
  private let workspace: Workspace

  /// - Parameter tuned: reads beside the plain lens.
  /// - Throws: `CommandError.unknownToken`, `.missingSpecialToken`, `InterpretabilityError`.
  init(
    _ model: any TransformerModel, _ heads: [Unembedding], _ encoder: TextEncoder, _ options: LensOptions,
    tuned: TunedLens?, _ changer: SiteChanger, workspace: Workspace
  ) throws {
    (self.changer, self.encoder, self.options, self.workspace) = (changer, encoder, options, workspace)
    if options.maskEach, encoder.tokenizer.specialTokens.mask == nil {
      throw CommandError.missingSpecialToken(
        directory: model.tokenizerDirectory, role: "mask", option: "--mask-each")
    }
    func token(_ text: String?, _ option: String) throws -> Int32? {
      try text.flatMap { try encoder.tokenizer.singleTokens([(option, $0)]).first }
    }
    targets = LensTargets(
      try token(options.target, "--target"), versus: try token(options.versus, "--versus"))
    lens = try LogitLens(
      model, heads: heads,
      levels: LensLevel.all(
        blocks: model.blockDimensions.count, sublayers: options.sublayers, updates: options.updates,
        tuned: tuned != nil), tuned: tuned)
  }

  /// - Parameter changing: whether with what --ablate and --patch ask for.
  func read(_ text: InputText, changing: Bool = true) throws -> LensReading {
    let tokens = try encoder.encode(fitting: lens.model, text)
    let tokenizer = encoder.tokenizer
    var targets = targets
    if let own = text.target { targets.target = try SingleToken(own, from: text.targetSource, tokenizer).id }
    let interventions = changing ? try changer.interventions(for: tokens.ids) : []
    var positions = try options.positions(tokens.ids.count, source: text.source)
    let reading: LensText
    if options.maskEach, let mask = tokenizer.specialTokens.mask {
      let special = tokenizer.specialTokens
      positions = positions.filter { ![special.cls, special.sep].contains(tokens.ids[$0]) }
      guard !positions.isEmpty else { throw CommandError.emptyText(source: text.source) }
      reading = try lens.readMasking(
        tokens.ids, at: positions, with: mask, top: options.top, following: targets, interventions: interventions,
        workspace: workspace)
    } else {
      reading = try lens.read(
        tokens.ids, at: positions, top: options.top, following: targets, interventions: interventions,
        workspace: workspace)
    }
    return LensReading(
      text, tokens, reading, masksEach: options.maskEach, interventions: interventions,
      changes: changing ? changer.changes.map(\.description) : [], targets: targets, tokenizer: tokenizer,
      modelName: lens.model.name)
  }
}

extension TextEncoder {
  /// The ids of a text that the model reads whole.
  /// - Throws: `CommandError.promptTooLong`; what `encode` throws.
  func encode(fitting model: any TransformerModel, _ text: InputText) throws -> EncodedText {
    let tokens = try encode(text.bytes, source: text.source)
    guard tokens.ids.count <= model.positions else {
      throw CommandError.promptTooLong(source: text.source, tokens: tokens.ids.count, positions: model.positions)
    }
    return tokens
  }
}

extension InterventionOptions {
  /// - Throws: `TransformerError` for a site that is not there, `FileError`, `CommandError`.
  func changer(
    of model: any TransformerModel, _ encoder: TextEncoder, workspace: Workspace
  ) throws -> SiteChanger {
    func ids(_ text: InputText) throws -> [Int32] { try encoder.encode(fitting: model, text).ids }
    return try SiteChanger(
      changes(), of: model,
      meanOver: meanOver.map { path in try InputText.lines(of: path).map { try PackedBatch([ids($0)]) } },
      workspace: workspace
    ) { try ids(InputText($0, source: "the text of --patch")) }
  }
}
