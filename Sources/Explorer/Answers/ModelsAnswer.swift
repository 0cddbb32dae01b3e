import Files
import Transformer

extension ExploredModel {
  /// What the page must know of a model before it asks for anything.
  var description: JSONMembers {
    let blocks = model.blockDimensions
    let labels = (try? model.classification())?.labels
    return [
      "blocks": blocks.count, "classes": labels, "feed_forward": blocks.map(\.feedForward).max(),
      "head": headChoice.rawValue, "heads": blocks.map(\.heads), "is_checkpoint": model.checkpointModel != nil,
      "mask": model.traits.predictsMasked ? mask.map(tokenizer.display) : nil, "name": name,
      "positions": model.positions, "tuned": tuned != nil, "type": model.modelType,
      "vocabulary": tokenizer.vocabularyCount,
    ]
  }
}
