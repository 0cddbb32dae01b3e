import DenseMath
import Evaluation
import Tokenization

/// Words of praise and blame at the two ends of a direction, its highest and its lowest tokens.
package struct SentimentScore: Sendable, Equatable {
  /// Words of the lexicon among the highest and among the lowest tokens.
  package let highPositive: Int
  package let highNegative: Int
  package let lowPositive: Int
  package let lowNegative: Int
  /// Tokens per end.
  package let count: Int

  /// The fraction of tokens of both ends that are in the lexicon.
  package var share: Double {
    Double(highPositive + highNegative + lowPositive + lowNegative) / Double(max(1, 2 * count))
  }

  /// The opposition of the ends, |(p⁺ - n⁺) - (p⁻ - n⁻)| / 2k: 1 where one end is all praise and the other all blame, 0
  /// where the ends do not differ.
  package var opposition: Double { Double(abs(polarity)) / Double(max(1, 2 * count)) }

  /// (p⁺ - n⁺) - (p⁻ - n⁻): above 0 where the high end praises.
  package var polarity: Int { highPositive - highNegative - lowPositive + lowNegative }
}

/// Scores directions of the residual stream against a lexicon by the tokens at their two ends.
package struct SentimentScorer: Sendable {
  private enum Side { case positive, negative }

  package let projection: VocabularyProjection
  /// Tokens at each end.
  package let top: Int
  /// The number of tokens in the vocabulary that are words of the lexicon.
  package let positiveTokens: Int
  package let negativeTokens: Int
  private let ids: [Int]?
  private let sides: [Int: Side]
  private let threads: Threads

  /// - Parameters:
  ///   - top: tokens at each end.
  ///   - ids: the tokens to rank, ascending; nil for all.
  package init(
    _ projection: VocabularyProjection, tokenizer: Tokenizer, lexicon: SentimentLexicon = .english, top: Int,
    among ids: [Int]? = nil, threads: Threads
  ) {
    self.projection = projection
    self.top = top
    self.ids = ids
    self.threads = threads
    var sides: [Int: Side] = [:]
    for id in ids ?? Array(0..<projection.vocabulary) {
      let text = tokenizer.bareText(Int32(id)).lowercased()
      if lexicon.positive.contains(text) { sides[id] = .positive }
      if lexicon.negative.contains(text) { sides[id] = .negative }
    }
    self.sides = sides
    positiveTokens = sides.values.filter { $0 == .positive }.count
    negativeTokens = sides.count - positiveTokens
  }

  /// A score for each of some vectors, [n, d], as computed by `VocabularyProjection.vectors`.
  package func scores(_ vectors: Tensor) -> [SentimentScore] {
    func count(_ items: [ScoredID], _ side: Side) -> Int { items.filter { sides[$0.id] == side }.count }
    return projection.ends(vectors, top: top, among: ids, threads: threads).map { ends in
      SentimentScore(
        highPositive: count(ends.highest, .positive), highNegative: count(ends.highest, .negative),
        lowPositive: count(ends.lowest, .positive), lowNegative: count(ends.lowest, .negative),
        count: ends.highest.count)
    }
  }

  /// Scores of directions drawn uniformly.
  package func randomScores(_ count: Int, seed: UInt64) -> [SentimentScore] {
    var generator = SplitMix64(seed: seed)
    let d = projection.matrix.columns
    return scores(Tensor(shape: [count, d], (0..<count * d).map { _ in Float(generator.normal()) }))
  }

  /// The mean over `count` random directions: its expectation, and the range of 95% of such means.
  package static func chance(_ random: [Double], means count: Int, seed: UInt64) -> SampleMean? {
    guard !random.isEmpty, count > 0 else { return nil }
    var generator = SplitMix64(seed: seed)
    let means = (0..<2000).map { _ in
      (0..<count).reduce(0.0) { sum, _ in sum + random[generator.uniform(below: random.count)] } / Double(count)
    }
    return SampleMean(value: random.reduce(0, +) / Double(random.count), interval: Interval(quantilesOf: means))
  }
}
