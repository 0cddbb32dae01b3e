/// The most probable tokens at a place that a text leaves open.
public struct PredictedPlace: Equatable, Sendable {
  /// In tokens from 0; of a continuation the place after the last token.
  public let position: Int
  /// Best first.
  public let items: [TokenScores.Item]
}

extension TransformerModel {
  /// Predicts what a text leaves open: the token at each mask, or, where the model predicts the next token, the one after
  /// the last.
  /// - Parameters:
  ///   - count: how many tokens for each place.
  ///   - mask: the id of the mask, of a model that predicts masked tokens.
  /// - Returns: one element per place, ascending; none where such a model's text has no mask.
  /// - Throws: `TransformerError`: no head over the vocabulary, a batch the model cannot take.
  public func predict(
    _ ids: [Int32], top count: Int, mask: Int32?, workspace: Workspace
  ) throws -> [PredictedPlace] {
    _ = try requireUnembedding()
    let predictsMasked = traits.predictsMasked
    let rows = predictsMasked ? ids.indices.filter { ids[$0] == mask } : [ids.count - 1]
    guard !rows.isEmpty else { return [] }
    let h = try forward(PackedBatch([ids]), workspace: workspace, observer: nil)
    return try rows.map { row in
      PredictedPlace(
        position: predictsMasked ? row : row + 1,
        items: try tokenScores(h, row: row, workspace: workspace).top(count))
    }
  }
}
