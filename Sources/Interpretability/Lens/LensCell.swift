import Transformer

/// The prediction of one level at one position of a text. Logarithms are natural.
public struct LensCell: Sendable, Equatable {
  /// A token that is followed.
  public struct Followed: Sendable, Equatable {
    /// The head's score.
    public let logit: Double
    /// Its negative is the cross-entropy.
    public let logProbability: Double
    /// 1 for the highest score; for equal scores the lower id comes first.
    public let rank: Int
  }

  /// The most probable items, best first.
  public let top: [TokenScores.Item]
  /// -Σ p log p over the vocabulary.
  public let entropy: Double
  /// KL(final ‖ this level) = Σ p_final (log p_final - log p); 0 at the last level.
  public let klToFinal: Double
  /// The rank at this level of the most probable item of the last one.
  public let finalRank: Int
  /// The tokens followed at this position, in the order given.
  public let followed: [Followed?]

  /// Whether this level and the last one have the same most probable item.
  public var agrees: Bool { finalRank == 1 }
}
