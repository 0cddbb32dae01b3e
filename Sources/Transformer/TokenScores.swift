import DenseMath
import Foundation

/// The scores of every vocabulary item at one position of a text.
public struct TokenScores: Sendable {
  /// One item with its score.
  public struct Item: Equatable, Sendable {
    /// Its id.
    public let id: Int32
    /// The head's score.
    public let logit: Float
    /// Softmax over the whole vocabulary.
    public let probability: Double

    /// One item with its score.
    public init(id: Int32, logit: Float, probability: Double) {
      self.id = id
      self.logit = logit
      self.probability = probability
    }
  }

  /// [V]
  public let logits: [Float]

  /// - Parameter logits: one score per vocabulary item, [V].
  public init(logits: [Float]) { self.logits = logits }

  /// The `count` items (at most V) with the highest scores, highest first; equal scores by id.
  public func top(_ count: Int) -> [Item] {
    let ids = topIDs(count)
    let highest = logits.max().map(Double.init) ?? 0
    let sum = logits.reduce(0) { $0 + exp(Double($1) - highest) }
    return ids.map { id in
      let logit = logits[Int(id)]
      return Item(id: id, logit: logit, probability: exp(Double(logit) - highest) / sum)
    }
  }

  /// The ids of `top(_:)`.
  func topIDs(_ count: Int) -> [Int32] {
    TopK.highest(count, of: logits, count: logits.count).map { Int32($0.id) }
  }
}

extension TransformerModel {
  /// The head over the vocabulary, or the error that says there is none.
  public func requireUnembedding() throws -> Unembedding {
    guard let unembedding else {
      throw TransformerError.missingHead(
        model: name, head: "head over the vocabulary",
        advice: "give a masked-language or language model, such as imdb-bert-1 or imdb-gpt2-wide")
    }
    return unembedding
  }

  /// The scores over the vocabulary of one row of the last hidden state.
  /// - Throws: `TransformerError.missingHead`.
  public func tokenScores(_ h: HiddenState, row: Int, workspace: Workspace) throws -> TokenScores {
    precondition(row >= 0 && row < h.tokens, "row \(row) of \(h.tokens)")
    let unembedding = try requireUnembedding()
    let logits = FloatBuffer(count: unembedding.vocabulary)
    unembedding.apply(h.pointer + row * h.width, rows: 1, into: logits.pointer, workspace: workspace)
    return TokenScores(logits: Array(UnsafeBufferPointer(start: logits.pointer, count: logits.count)))
  }
}
