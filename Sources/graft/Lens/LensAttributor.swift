import Interpretability
import Reporting
import Tokenization
import Transformer

/// Attributes the last level's logits of readings, with the same head and the same changes.
struct LensAttributor {
  private let model: Model
  private let head: Unembedding
  private let options: LensOptions
  private let tokenizer: Tokenizer
  private let workspace: Workspace

  init(_ model: Model, head: Unembedding, _ options: LensOptions, _ tokenizer: Tokenizer, workspace: Workspace) {
    self.model = model
    self.head = head
    self.options = options
    self.tokenizer = tokenizer
    self.workspace = workspace
  }

  /// At the places that were asked for; else at the masks, in a causal model at the last token.
  /// - Throws: `CommandError.noMask`, `.missingSpecialToken`; what `LogitAttribution.attributions` throws.
  func attributions(of reading: LensReading) throws -> [LogitAttributionReading] {
    let mask = tokenizer.specialTokens.mask
    var places = Array(reading.positions.indices)
    if options.tokens == nil, options.slice == nil, !reading.masksEach {
      if model.traits.predictsMasked {
        guard let mask else {
          throw CommandError.missingSpecialToken(
            directory: model.tokenizerDirectory, role: "mask", option: "--attribute without --tokens or --slice")
        }
        places = places.filter { reading.ids[reading.positions[$0]] == mask }
        guard !places.isEmpty else {
          throw CommandError.noMask(text: reading.text.string, mask: tokenizer.display(mask))
        }
      } else {
        places = [places.count - 1]
      }
    }
    let pairs = places.compactMap { place in
      (reading.targets.target ?? reading.cells.last?[place].top.first?.id).map {
        (position: reading.positions[place], target: $0)
      }
    }
    guard reading.masksEach, let mask else { return try attribute(pairs, in: reading.ids, reading) }
    return try pairs.flatMap { pair in
      var ids = reading.ids
      ids[pair.position] = mask
      return try attribute([pair], in: ids, reading)
    }
  }

  private func attribute(
    _ places: [(position: Int, target: Int32)], in ids: [Int32], _ reading: LensReading
  ) throws -> [LogitAttributionReading] {
    let found = try LogitAttribution.attributions(
      at: places, versus: reading.targets.versus, in: ids, model: model, head: head,
      interventions: reading.interventions,
      workspace: workspace)
    return zip(places, found).map { place, attribution in
      LogitAttributionReading(
        attribution: attribution, position: place.position, target: place.target, versus: reading.targets.versus,
        blocks: model.blockDimensions, tokenizer: tokenizer)
    }
  }
}
