import Transformer

/// What one level says at one place of a text. Logarithms are natural.
package struct LensCell: Sendable, Equatable {
  /// A token that is looked for.
  package struct Followed: Sendable, Equatable {
    package let logit: Double
    /// Its negative is the cross-entropy.
    package let logProbability: Double
    /// 1 for the highest score; of equal scores the lower id comes first.
    package let rank: Int
  }

  /// The most probable items, best first.
  package let top: [TokenScores.Item]
  /// -Σ p log p over the vocabulary.
  package let entropy: Double
  /// KL(final ‖ this level) = Σ p_final (log p_final - log p); 0 at the last level.
  package let klToFinal: Double
  /// The rank that this level gives to the most probable item of the last one.
  package let finalRank: Int
  /// The tokens asked for at this place, in that order.
  package let followed: [Followed?]

  /// Whether this level and the last one have the same most probable item.
  package var agrees: Bool { finalRank == 1 }
}
