/// What distinguishes models of one family from those of another. Code asks for a trait, never for the family's name.
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

  /// The family's common name: "BERT", "GPT-2", "DistilBERT", "RoBERTa".
  public let family: String
  /// Whether a token sees only itself and what comes before it.
  public let isCausal: Bool
  /// Where the norms of a block act.
  public let normPlacement: NormPlacement
  /// What the head over the vocabulary was trained to predict.
  public let objective: Objective
  /// The row of the position embedding of a text's first token: of a family the usual one, of a model its own.
  public let positionOffset: Int
  /// Whether token types are embedded.
  public let hasTokenTypes: Bool
}

extension ModelTraits {
  /// Whether the head predicts a masked token, at its own position; else it predicts the next token.
  public var predictsMasked: Bool { objective == .maskedToken }

  func with(positionOffset: Int) -> ModelTraits {
    ModelTraits(
      family: family, isCausal: isCausal, normPlacement: normPlacement, objective: objective,
      positionOffset: positionOffset, hasTokenTypes: hasTokenTypes)
  }
}
