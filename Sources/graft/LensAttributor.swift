import Interpretability
import Tokenization
import Transformer

/// Attributes the last level's logits of readings, with the same head and the same changes.
struct LensAttributor {
  private let model: Model
  private let head: Unembedding
  private let options: LensOptions
  private let tokenizer: Tokenizer
  private let workspace: Workspace

  /// - Throws: `CommandError.notForStitchedModels`.
  init(
    _ model: any Runnable, _ heads: LensHeads, _ options: LensOptions, _ tokenizer: Tokenizer, workspace: Workspace
  ) throws {
    guard let checkpoint = model as? Model, let head = heads.segments.first else {
      throw CommandError.notForStitchedModels(option: "--attribute", model: model.name)
    }
    self.model = checkpoint
    self.head = head
    self.options = options
    self.tokenizer = tokenizer
    self.workspace = workspace
  }

  /// At the places that were asked for; else at the last token of a GPT-2, the masks of a BERT.
  /// - Throws: `CommandError.noMask`; what `LogitAttribution.attributions` throws.
  func attributions(of reading: LensReading) throws -> [AttributionReading] {
    let mask = tokenizer.specialTokens.mask
    var places = Array(reading.positions.indices)
    if options.tokens == nil, options.slice == nil, !reading.masksEach {
      places =
        model.modelType == "bert" ? places.filter { reading.ids[reading.positions[$0]] == mask } : [places.count - 1]
      guard !places.isEmpty else {
        throw CommandError.noMask(text: reading.text.string, mask: mask.map(tokenizer.display) ?? "[MASK]")
      }
    }
    return try places.compactMap { place in
      let position = reading.positions[place]
      guard let target = reading.target ?? reading.cells.last?[place].top.first?.id else { return nil }
      var ids = reading.ids
      if reading.masksEach, let mask { ids[position] = mask }
      return try LogitAttribution.attributions(
        of: target, versus: reading.versus, in: ids, at: [position], model: model, head: head,
        interventions: reading.interventions, workspace: workspace
      ).first.map {
        AttributionReading(
          attribution: $0, position: position, target: target, versus: reading.versus, blocks: model.blockDimensions,
          tokenizer: tokenizer)
      }
    }
  }
}
