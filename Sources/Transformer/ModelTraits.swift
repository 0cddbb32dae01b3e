/// What distinguishes one family of models from another. Code asks for a trait, never for the family's name.
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

  /// The family's common name: "BERT", "GPT-2".
  public let family: String
  /// Whether a token sees only itself and what comes before it.
  public let isCausal: Bool
  /// Where the norms of a block act.
  public let normPlacement: NormPlacement
  /// What the head over the vocabulary was trained to predict.
  public let objective: Objective
  /// The row of the position embedding of a text's first token.
  public let positionOffset: Int
  /// Whether token types are embedded.
  public let hasTokenTypes: Bool
}

extension ModelTraits {
  /// Whether the head predicts a masked token, at its own position; else it predicts the next token.
  public var predictsMasked: Bool { objective == .maskedToken }
}
