/// What one level says at one place of a text.
public struct LensReading: Sendable, Equatable {
  /// A vocabulary item and its log-probability in nats.
  public struct Item: Sendable, Equatable {
    public let id: Int32
    public let logProbability: Double
  }

  /// A token that is looked for, and where this level has it.
  public struct Followed: Sendable, Equatable {
    public let id: Int32
    /// In nats; its negative is the cross-entropy.
    public let logProbability: Double
    /// 1 for the highest score; of equal scores the lower id comes first.
    public let rank: Int
  }

  /// The most probable items, best first.
  public let top: [Item]
  /// -Σ p log p over the vocabulary, nats.
  public let entropy: Double
  /// KL(final ‖ level) = Σ p_final (log p_final - log p), nats; 0 at the last level.
  public let divergence: Double
  /// The rank this level gives to the most probable item of the last level.
  public let rankOfFinal: Int
  /// The tokens asked for at this place, in that order.
  public let followed: [Followed]

  /// Whether this level and the last one have the same most probable item.
  public var agreesWithFinal: Bool { rankOfFinal == 1 }
}
