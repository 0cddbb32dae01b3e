import DenseMath
import Tokenization
import Transformer

/// A tokenized review.
package struct EncodedReview: Sendable {
  package let id: String
  package let label: Int
  /// Token ids, special ones included.
  package let ids: [Int32]
  /// Whether the text was truncated.
  package let truncated: Bool
}

/// The tokenized reviews of a dataset, and their fixed division into batches.
///
/// The batches (`PackedBatch.plan`) are part of a run, whose journal records one at a time. No bit of a review's scores
/// depends on its batch.
package struct EncodedReviews: Sendable {
  package let reviews: [EncodedReview]
  /// Ranges of `reviews`, in order, none empty.
  package let batches: [Range<Int>]

  /// What the tokenizer could not read.
  package let problems: TextProblems

  /// Truncated reviews.
  package var truncatedCount: Int { reviews.count { $0.truncated } }

  /// - Parameters:
  ///   - maxLength: the most tokens of a review, special ones included; longer ones are truncated.
  ///   - rows: those of the token embedding.
  /// - Throws: `TokenizationError`; `EvaluationError.noTokens` for a text that has no token, `.tokenWithoutRow`.
  package init(
    _ dataset: Dataset, tokenizer: Tokenizer, cleaning: TextCleaning, maxLength: Int, rows: Int = .max, threads: Threads
  ) throws {
    let parts = threads.ranges(of: dataset.reviews.count)
    typealias Part = (reviews: [EncodedReview], problems: TextProblems)
    var results = [Result<Part, any Error>](repeating: .success(([], TextProblems())), count: parts.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      threads.run(parts.count) { part, _ in
        results[part] = Result {
          var problems = TextProblems()
          let reviews = try dataset.reviews[parts[part]].map { review in
            var text = cleaning.clean(review.text)
            return try text.withUTF8 { text in
              let bytes = UnsafeRawBufferPointer(text)
              let (ids, truncated) = try tokenizer.encodeTruncated(bytes, maxLength: maxLength)
              try problems.add(bytes, ids: ids, tokenizer, source: review.id)
              guard !ids.isEmpty else { throw EvaluationError.noTokens(id: review.id) }
              if let id = ids.first(where: { $0 >= rows }) {
                throw EvaluationError.tokenWithoutRow(
                  id: review.id, token: tokenizer.token(id) ?? "", tokenID: Int(id), rows: rows)
              }
              return EncodedReview(id: review.id, label: review.label, ids: ids, truncated: truncated)
            }
          }
          return (reviews, problems)
        }
      }
    }
    let encoded = try results.map { try $0.get() }
    reviews = encoded.flatMap(\.reviews)
    problems = encoded.reduce(into: TextProblems()) { $0.add($1.problems) }
    batches = PackedBatch.plan(reviews.map(\.ids.count))
  }

  private init(_ reviews: [EncodedReview]) {
    self.reviews = reviews
    problems = TextProblems()
    batches = PackedBatch.plan(reviews.map(\.ids.count))
  }

  /// So many reviews at equal distances, from the first on, in batches of their own; all where there are no more. The first
  /// ones could be of one class: files are often sorted.
  package func spread(_ count: Int) -> EncodedReviews {
    guard count < reviews.count else { return self }
    return EncodedReviews((0..<count).map { reviews[$0 * reviews.count / count] })
  }

  /// Every `count`-th review from the one at `index`, in batches of their own.
  package func part(_ index: Int, of count: Int) -> EncodedReviews {
    EncodedReviews(stride(from: index, to: reviews.count, by: count).map { reviews[$0] })
  }
}
