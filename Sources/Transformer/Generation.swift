import DenseMath
import Foundation

/// How the next token of a text is chosen from its scores.
public enum TokenChoice: Equatable, Sendable {
  /// The highest score; for equal ones the lowest id.
  case greedy
  /// Drawn with probability softmax(score / temperature) from the `topK` highest scores, or from all.
  case sampled(temperature: Double, topK: Int?, seed: UInt64)
}

/// Tokens that continue a text.
public struct Generation: Equatable, Sendable {
  /// Why generation stopped.
  public enum Stop: String, Sendable {
    /// The requested number of tokens.
    case count
    /// A token that ends a text, the last of `ids`.
    case endOfText = "end_of_text"
    /// The text fills the model's positions.
    case positions
  }

  /// The tokens added to the text.
  public let ids: [Int32]
  /// Why generation stopped.
  public let stop: Stop
}

extension TransformerModel {
  /// Continues a text by up to `count` tokens.
  /// - Parameters:
  /// - endOfText: the tokens that end a text, such as `GenerationSettings.endOfText`; generation never stops early
  /// without. - usesCache: whether keys and values of earlier tokens are kept, so that a token costs one row of
  /// products. A stitched model has no cache and runs the whole text again for each token.
  /// - Throws: `TransformerError`: not a causal model, no head over the vocabulary, a text without a token or too long.
  public func generate(
    after prompt: [Int32], count: Int, choosing choice: TokenChoice = .greedy, endOfText: Set<Int32> = [],
    usesCache: Bool = true, workspace: Workspace, progress: ProgressHandler = .none
  ) throws -> Generation {
    guard traits.isCausal else {
      throw TransformerError.missingHead(
        model: name, head: "causal attention",
        advice: "only a causal model, such as GPT-2, continues a text; this one fills masks")
    }
    _ = try requireUnembedding()
    guard prompt.count <= positions else {
      throw TransformerError.tooLong(tokens: prompt.count, positions: positions)
    }
    let cached = checkpointModel.flatMap { model in
      usesCache
        ? (model, KeyValueCache(model.dimensions, capacity: min(count, positions - prompt.count) + prompt.count)) : nil
    }
    var chooser = TokenChooser(choice)
    var text = prompt
    var unread = prompt
    return try progress.during(.init("generate", unit: "tokens", total: count)) { update in
      while text.count - prompt.count < count {
        guard text.count < positions else { return Generation(ids: Array(text[prompt.count...]), stop: .positions) }
        let h: HiddenState
        if let (model, cache) = cached {
          h = try model.extend(unread, rows: [unread.count - 1], cache: cache, workspace: workspace)
        } else {
          h = try forward(
            PackedBatch([text]), rows: [text.count - 1], workspace: workspace, observer: nil, interventions: [])
        }
        let next = chooser.next(try tokenScores(h, row: h.tokens - 1, workspace: workspace))
        text.append(next)
        unread = [next]
        if endOfText.contains(next) { return Generation(ids: Array(text[prompt.count...]), stop: .endOfText) }
        try update(text.count - prompt.count)
      }
      return Generation(ids: Array(text[prompt.count...]), stop: .count)
    }
  }
}

private struct TokenChooser {
  private let choice: TokenChoice
  private var generator: SplitMix64

  init(_ choice: TokenChoice) {
    self.choice = choice
    if case .sampled(_, _, let seed) = choice {
      generator = SplitMix64(seed: seed)
    } else {
      generator = SplitMix64(seed: 0)
    }
  }

  mutating func next(_ scores: TokenScores) -> Int32 {
    guard case .sampled(let temperature, let topK, _) = choice else { return scores.topIDs(1).first ?? 0 }
    let ids = topK.map(scores.topIDs) ?? Array(0..<Int32(scores.logits.count))
    let highest = ids.reduce(-Float.infinity) { max($0, scores.logits[Int($1)]) }
    let weights = ids.map { exp(Double(scores.logits[Int($0)] - highest) / temperature) }
    var left = generator.uniform() * weights.reduce(0, +)
    for (id, weight) in zip(ids, weights) {
      if left < weight { return id }
      left -= weight
    }
    // Rounding may leave a remainder: it goes to the last item with a weight.
    return weights.lastIndex { $0 > 0 }.map { ids[$0] } ?? 0
  }
}
