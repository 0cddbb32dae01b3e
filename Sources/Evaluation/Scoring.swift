import Transformer

extension EncodedReviews {
  /// What a classifier says about the reviews of a batch of the plan, in order.
  /// - Throws: `TransformerError`.
  public func predictions(
    of model: any Runnable, batch index: Int, workspace: Workspace
  ) throws -> [Prediction] {
    let batch = Array(reviews[batches[index]])
    let logits = try model.classify(try PackedBatch(batch.map(\.ids)), workspace: workspace)
    return zip(batch, logits).map { $0.prediction($1) }
  }
}

extension EncodedReview {
  /// The prediction that a model's logits, [C], amount to.
  public func prediction(_ logits: [Float]) -> Prediction {
    Prediction(id: id, label: label, logits: logits, tokens: ids.count, truncated: truncated)
  }
}
