import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

/// The lens over a text of a model: the same calls as `graft lens`, and so the same numbers.
struct LensAnswer: Sendable {
  let request: PromptRequest
  let model: ExploredModel

  /// - Parameter changing: whether with the changes that are asked for.
  /// - Throws: `ExplorerError`, `InterpretabilityError`, `TransformerError`, `CancellationError`.
  func reading(changing: Bool = true, _ workspace: Workspace, _ progress: ProgressHandler) throws -> LensReading {
    let tokens = try model.encode(request.text)
    let targets = LensTargets(try model.token(request.target), versus: try model.token(request.versus))
    let lens = try model.lens(sublayers: request.sublayers, tuned: request.tuned)
    let changes = changing ? request.changes.map(\.change) : []
    let interventions = try interventions(changes, tokens.ids, workspace)
    let positions = request.positions.map { Array(Set($0)).sorted() } ?? Array(tokens.ids.indices)
    for position in positions where !tokens.ids.indices.contains(position) {
      throw InterpretabilityError.noSuchRow(position, tokens: tokens.ids.count)
    }
    let reading: LensText
    if request.masksEach {
      guard model.model.traits.predictsMasked, let mask = model.mask else {
        throw ExplorerError.noMask(model: model.name)
      }
      let special = model.tokenizer.specialTokens
      let places = positions.filter { ![special.cls, special.sep].contains(tokens.ids[$0]) }
      guard !places.isEmpty else { throw ExplorerError.emptyText }
      reading = try lens.readMasking(
        tokens.ids, at: places, with: mask, top: request.top, following: targets, interventions: interventions,
        workspace: workspace, progress: progress)
    } else {
      reading = try lens.read(
        tokens.ids, at: positions, top: request.top, following: targets, interventions: interventions,
        workspace: workspace)
    }
    return LensReading(
      InputText(request.text, source: "the text"), tokens, reading, masksEach: request.masksEach,
      interventions: interventions, changes: changes.map(\.description), targets: targets, tokenizer: model.tokenizer,
      modelName: model.name)
  }

  /// - Throws: `TransformerError`, `InterpretabilityError`, `ExplorerError`.
  func interventions(_ changes: [SiteChange], _ ids: [Int32], _ workspace: Workspace) throws -> [Intervention] {
    try SiteChanger(changes, of: model.model, workspace: workspace) { try model.encode($0).ids }
      .interventions(for: ids)
  }

  /// What is shown of this model: with changes, the text without them first.
  /// - Throws: as `reading`.
  func readings(_ workspace: Workspace, _ progress: ProgressHandler) throws -> [LensReading] {
    let changed = try reading(workspace, progress)
    return request.changes.isEmpty ? [changed] : [try reading(changing: false, workspace, progress), changed]
  }
}

/// The readings that a page shows side by side, in one set of colours.
struct LensPicture: Sendable {
  let readings: [LensReading]
  let show: LensStatistic?
  /// Whether the first two are a text without and with changes.
  let isChanged: Bool

  private var shown: [LensReading] { readings.flatMap { [$0.plain, $0.tuned].compactMap { $0 } } }

  var svg: String { LensFigure(shown, show: show).picture.svg() }

  var members: JSONMembers {
    let shown = shown
    let maps = LensFigure(shown, show: show).maps
    let difference: HeatMap? = isChanged ? maps.last?.difference(from: maps[0]) : nil
    return [
      "difference": difference.map(\.pageObject),
      "maps": zip(maps, shown).map { ["map": $0.pageObject, "reading": $1] as JSONMembers },
    ]
  }
}
