/// Errors of predictions to be scored or compared.
public enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is nothing to score.
  case noPredictions
  /// A prediction has another number of logits than the first one, or fewer than two.
  case classCount(id: String, expected: String, found: Int)
  /// A review's label is not among the classifier's classes.
  case labelOutOfRange(id: String, label: Int, classes: Int)
  /// A logit is infinite or not a number.
  case nonFiniteLogits(id: String)
  /// One run predicts a review twice. `run` is "first" or "second".
  case repeatedReview(run: String, id: String)
  /// Two runs have different reviews; `id` is the first one that only `run` has.
  case differentReviews(run: String, id: String, count: Int)
  /// Two runs give a review different labels.
  case differentLabels(id: String, first: String, second: String)

  /// A token whose id is past the embedding.
  case tokenWithoutRow(id: String, token: String, tokenID: Int, rows: Int)
  /// config.json names an unknown text cleaning.
  case unknownTextCleaning(path: String, found: String, known: [String])
  /// A text without a token, which GPT-2 cannot read.
  case noTokens(id: String)
  /// A file or a pipe without a line of text.
  case noText(source: String)

  public var description: String {
    switch self {
    case .tokenWithoutRow(let id, let token, let tokenID, let rows):
      return "\(id): the token \(token) has the id \(tokenID), but the embedding of the model has \(rows) rows; "
        + "the tokenizer's files name a token that the model does not have: take it out of the text or out of the files"
    case .unknownTextCleaning(let path, let found, let known):
      return "\(path) (graft.text_cleaning): expected one of \(known.joined(separator: ", ")), found \(found)"
    case .noText(let source): return "\(source): expected one text per line, found nothing"
    case .noTokens(let id):
      return "\(id): the text has no token, and this model adds none; leave it out"
    case .noPredictions:
      return "expected at least one prediction, found none"
    case .classCount(let id, let expected, let found):
      return "\(id): expected \(expected) logits, found \(found)"
    case .labelOutOfRange(let id, let label, let classes):
      return
        "\(id): expected a label from 0 to \(classes - 1), as the classifier has \(classes) classes, found \(label)"
    case .nonFiniteLogits(let id):
      return "\(id): expected finite logits, found one that is infinite or not a number; check the model's weights"
    case .repeatedReview(let run, let id):
      return "the \(run) run predicts \(id) more than once; compare runs that predict each review once"
    case .differentReviews(let run, let id, let count):
      return "only the \(run) run holds \(id) (\(count) such reviews); compare runs on the same reviews"
    case .differentLabels(let id, let first, let second):
      return "\(id): the first run has the label \(first), the second \(second); compare runs on the same dataset"
    }
  }
}
