import Files
import Interpretability
import Reporting
import Transformer

/// Who makes a logit at one place: as `graft lens --attribute --tokens` does it.
struct AttributionAnswer: Sendable {
  let request: PromptRequest
  let model: ExploredModel

  /// - Parameter position: the place, in tokens.
  /// - Throws: `ExplorerError`, `InterpretabilityError`, `TransformerError`, `CancellationError`.
  func json(at position: Int, _ workspace: Workspace, _ progress: ProgressHandler) throws -> JSON {
    let checkpoint = try model.checkpoint()
    let place = PromptRequest(request, at: position)
    let reading = try LensAnswer(request: place, model: model).reading(workspace, progress).plain
    guard let target = reading.targets.target ?? reading.cells.last?.first?.top.first?.id else {
      throw InterpretabilityError.noSuchRow(position, tokens: reading.ids.count)
    }
    var ids = reading.ids
    if request.masksEach, let mask = model.mask { ids[position] = mask }
    let attributions = try LogitAttribution.attributions(
      at: [(position, target)], versus: reading.targets.versus, in: ids, model: checkpoint, head: model.heads[0],
      interventions: reading.interventions, workspace: workspace)
    let found = attributions.map { attribution in
      LogitAttributionReading(
        attribution: attribution, position: position, target: target, versus: reading.targets.versus,
        blocks: checkpoint.blockDimensions, tokenizer: model.tokenizer)
    }
    return try JSON(
      encoding: [
        "attribution": found.first, "map": found.first.map { $0.heatMap(reading, ends: $0.largest).pageObject },
        "title": found.first?.title(ids),
      ] as JSONMembers)
  }
}
