import DenseMath
import Tokenization

/// A review as a model reads it.
public struct EncodedReview: Sendable {
  public let id: String
  public let label: Int
  /// Token ids, special ones included.
  public let ids: [Int32]
  /// Whether the end of the text was left out.
  public let truncated: Bool
}

/// The reviews of a dataset, tokenized, and the fixed plan of batches in which models read them.
///
/// Rounding depends on what else is in a batch, so the plan is part of a run: neighbouring reviews, as many as fit into
/// `tokensInBatch`, in the dataset's order. Nothing is padded.
public struct EncodedReviews: Sendable {
  /// A batch holds at most this many tokens, or a single review.
  public static let tokensInBatch = 2048

  public let reviews: [EncodedReview]
  /// Ranges of `reviews`, in order, none empty.
  public let batches: [Range<Int>]

  /// How many reviews were cut.
  public var truncatedCount: Int { reviews.count { $0.truncated } }

  /// - Parameters:
  ///   - maxLength: tokens a review may have, special ones included; longer ones keep their head.
  /// - Throws: `TokenizationError`; `EvaluationError.noTokens` for a text that has no token.
  public init(
    _ dataset: Dataset, tokenizer: Tokenizer, cleaning: TextCleaning, maxLength: Int, threads: Threads
  ) throws {
    let parts = threads.ranges(of: dataset.reviews.count)
    var results = [Result<[EncodedReview], any Error>](repeating: .success([]), count: parts.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      threads.run(parts.count) { part, _ in
        results[part] = Result {
          try dataset.reviews[parts[part]].map { review in
            let (ids, truncated) = try tokenizer.encodeHead(cleaning.clean(review.text), maxLength: maxLength)
            guard !ids.isEmpty else { throw EvaluationError.noTokens(id: review.id) }
            return EncodedReview(id: review.id, label: review.label, ids: ids, truncated: truncated)
          }
        }
      }
    }
    reviews = try results.flatMap { try $0.get() }
    batches = Self.plan(reviews)
  }

  private init(_ reviews: [EncodedReview]) {
    self.reviews = reviews
    batches = Self.plan(reviews)
  }

  /// Every `count`-th review from the one at `index`, with a plan of their own.
  public func part(_ index: Int, of count: Int) -> EncodedReviews {
    EncodedReviews(stride(from: index, to: reviews.count, by: count).map { reviews[$0] })
  }

  private static func plan(_ reviews: [EncodedReview]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (start, tokens) = (0, 0)
    for (index, review) in reviews.enumerated() {
      if index > start, tokens + review.ids.count > tokensInBatch {
        batches.append(start..<index)
        (start, tokens) = (index, 0)
      }
      tokens += review.ids.count
    }
    if start < reviews.count { batches.append(start..<reviews.count) }
    return batches
  }
}
