/// Sequences laid end to end, without padding: row r of every [T, ...] array belongs to the sequence whose range holds r.
public struct PackedBatch: Sendable {
  /// Token ids of all sequences, [T].
  public let ids: [Int32]
  /// BERT's token type of each token, [T]; empty when every token has type 0.
  public let tokenTypes: [Int32]
  /// The rows of each sequence, in order.
  public let sequences: [Range<Int>]

  /// T: tokens in all.
  public var tokens: Int { ids.count }

  /// - Parameter tokenTypes: one array per sequence, as long as the sequence; nil for all 0.
  /// - Throws: `TransformerError.emptySequence`, `.tokenTypesMismatch`.
  public init(_ sequences: [[Int32]], tokenTypes: [[Int32]]? = nil) throws {
    if let tokenTypes, tokenTypes.count > sequences.count {
      throw TransformerError.tokenTypesMismatch(
        expected: sequences.reduce(0) { $0 + $1.count }, found: tokenTypes.reduce(0) { $0 + $1.count })
    }
    var ids: [Int32] = []
    var ranges: [Range<Int>] = []
    for (index, sequence) in sequences.enumerated() {
      guard !sequence.isEmpty else { throw TransformerError.emptySequence(index: index) }
      if let tokenTypes {
        let found = index < tokenTypes.count ? tokenTypes[index].count : 0
        guard found == sequence.count else {
          throw TransformerError.tokenTypesMismatch(expected: sequence.count, found: found)
        }
      }
      ranges.append(ids.count..<ids.count + sequence.count)
      ids += sequence
    }
    self.ids = ids
    self.sequences = ranges
    self.tokenTypes = tokenTypes.map { $0.flatMap { $0 } } ?? []
  }

  /// A batch of `plan` holds at most this many tokens, or a single sequence.
  package static let plannedTokens = 2048

  /// Ranges of neighbouring sequences to run together, as many as fit into `plannedTokens`, in order, none empty.
  /// - Parameter lengths: tokens of each sequence.
  package static func plan(_ lengths: [Int]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (start, tokens) = (0, 0)
    for (index, length) in lengths.enumerated() {
      if index > start, tokens + length > plannedTokens {
        batches.append(start..<index)
        (start, tokens) = (index, 0)
      }
      tokens += length
    }
    if start < lengths.count { batches.append(start..<lengths.count) }
    return batches
  }

  /// - Throws: `TransformerError.tokenTypeOutOfRange` for a token type that is not below `types`, or not below 1 when the
  ///   model has none.
  func check(tokenTypesOf types: Int) throws {
    let limit = max(types, 1)
    guard let row = tokenTypes.firstIndex(where: { $0 < 0 || Int($0) >= limit }) else { return }
    let start = sequences.first { $0.contains(row) }?.lowerBound ?? 0
    throw TransformerError.tokenTypeOutOfRange(type: Int(tokenTypes[row]), position: row - start, types: types)
  }
}
