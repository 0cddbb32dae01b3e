/// Which row of the position embedding each token reads.
package struct PositionRows: Equatable, Sendable {
  /// The row of a text's first token.
  let first: Int
  /// The id of a token that is not counted and reads the row before `first`, as padding in RoBERTa; nil where every
  /// token is counted.
  let uncounted: Int32?

  /// The rows 0, 1, 2...
  static let fromZero = PositionRows(first: 0, uncounted: nil)

  /// The row of each token of a batch, [T].
  /// - Parameter earlier: the tokens of the text that come before the batch.
  func rows(of batch: PackedBatch, after earlier: Int = 0) -> [Int] {
    var rows: [Int] = []
    rows.reserveCapacity(batch.tokens)
    for sequence in batch.sequences {
      var next = first + earlier
      for id in batch.ids[sequence] {
        if id == uncounted {
          rows.append(first - 1)
        } else {
          rows.append(next)
          next += 1
        }
      }
    }
    return rows
  }
}
