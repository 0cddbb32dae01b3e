import Transformer

extension EncodedReviews {
  /// What a classifier says about the reviews of a batch of the plan, in order.
  /// - Throws: `TransformerError`; `EvaluationError.nonFiniteLogits`.
  package func predictions(
    of model: any TransformerModel, batch index: Int, workspace: Workspace
  ) throws -> [Prediction] {
    let batch = Array(reviews[batches[index]])
    let logits = try model.classify(try PackedBatch(batch.map(\.ids)), workspace: workspace)
    return try zip(batch, logits).map { try $0.prediction($1) }
  }
}

extension EncodedReview {
  /// The prediction that a model's logits, [C], amount to.
  /// - Throws: `EvaluationError.nonFiniteLogits`.
  package func prediction(_ logits: [Float]) throws -> Prediction {
    guard logits.allSatisfy(\.isFinite) else { throw EvaluationError.nonFiniteLogits(id: id) }
    return Prediction(id: id, label: label, logits: logits, tokens: ids.count, truncated: truncated)
  }
}
