/// What sets one family of models apart from another, for code that has to know: whoever needs it asks for the trait, never
/// for the family's name.
public struct ModelTraits: Equatable, Sendable {
  /// Where the norms of a block act.
  public enum NormPlacement: String, Sendable {
    /// Attention and feed-forward layer read a normalised state, and the residual stream is a plain sum.
    case pre
    /// Every sum is normalised, so that each hidden state has passed a norm.
    case post
  }

  /// What the head over the vocabulary was trained to predict.
  public enum Objective: String, Sendable {
    /// The token at a masked position.
    case maskedToken = "masked-token"
    /// The token after each position.
    case nextToken = "next-token"
  }

  /// What people call the family: "BERT", "GPT-2".
  public let family: String
  /// Whether a token sees only itself and what comes before it.
  public let isCausal: Bool
  /// Where the norms of a block act.
  public let normPlacement: NormPlacement
  /// What the head over the vocabulary was trained to predict.
  public let objective: Objective
  /// The row of the position embedding that belongs to a text's first token.
  public let positionOffset: Int
  /// Whether token types are embedded.
  public let hasTokenTypes: Bool
}

extension ModelTraits {
  /// Whether a masked token is what the head predicts, at its own place; else it predicts the token that comes next.
  public var predictsMasked: Bool { objective == .maskedToken }
}
