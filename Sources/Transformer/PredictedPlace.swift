/// The most probable tokens at one position.
public struct PredictedPlace: Equatable, Sendable {
  /// The token, from 0; for a continuation the position after the last token.
  public let position: Int
  /// Best first.
  public let items: [TokenScores.Item]
}

extension TransformerModel {
  /// Predicts the token at each mask or, where the model predicts the next token, the one after the last.
  /// - Parameters:
  ///   - count: how many tokens per position.
  ///   - mask: the id of the mask, of a model that predicts masked tokens.
  /// - Returns: one element per position, ascending; none for a text of such a model without a mask.
  /// - Throws: `TransformerError`: no head over the vocabulary, or a batch that the model does not support.
  public func predict(
    _ ids: [Int32], top count: Int, mask: Int32?, workspace: Workspace
  ) throws -> [PredictedPlace] {
    _ = try requireUnembedding()
    let predictsMasked = traits.predictsMasked
    let rows = predictsMasked ? ids.indices.filter { ids[$0] == mask } : [ids.count - 1]
    guard !rows.isEmpty else { return [] }
    let h = try forward(
      PackedBatch([ids]), rows: rows, workspace: workspace, observer: nil, interventions: [])
    return try rows.map { row in
      PredictedPlace(
        position: predictsMasked ? row : row + 1,
        items: try tokenScores(h, row: row, workspace: workspace).top(count))
    }
  }
}
