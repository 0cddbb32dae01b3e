/// The sizes of a model, by the letters of the papers.
public struct Dimensions: Sendable, Equatable {
  /// V: items in the vocabulary (rows of the token embedding).
  public let vocabulary: Int
  /// d: numbers in a hidden state.
  public let hidden: Int
  /// L: blocks.
  public let layers: Int
  /// H: attention heads in a block.
  public let heads: Int
  /// dFF: neurons of a feed-forward layer.
  public let feedForward: Int
  /// The longest sequence the position embeddings allow.
  public let positions: Int

  /// dHead: the size of a head's query, key and value.
  public var headSize: Int { hidden / heads }

  /// The sizes of a model.
  public init(vocabulary: Int, hidden: Int, layers: Int, heads: Int, feedForward: Int, positions: Int) {
    self.vocabulary = vocabulary
    self.hidden = hidden
    self.layers = layers
    self.heads = heads
    self.feedForward = feedForward
    self.positions = positions
  }

  /// The same sizes with another number of positions.
  func with(positions: Int) -> Dimensions {
    Dimensions(
      vocabulary: vocabulary, hidden: hidden, layers: layers, heads: heads, feedForward: feedForward,
      positions: positions)
  }
}
