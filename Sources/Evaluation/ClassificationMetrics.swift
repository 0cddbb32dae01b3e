import Files
import Foundation

/// Quality measures of a classifier's predictions. Fractions, not per cent; all computed in Double.
public struct ClassificationMetrics: Sendable {
  /// One class against the rest; nil where the denominator is 0.
  public struct ClassScores: Equatable, Sendable, Encodable {
    /// Of the reviews predicted to be of this class, the share that is.
    public let precision: Double?
    /// Of the reviews of this class, the share predicted to be.
    public let recall: Double?
    /// The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).
    public let f1: Double?
    /// How many reviews are of this class.
    public let support: Int
  }

  /// How many bins the calibration error has.
  public static let calibrationBins = 15

  /// Predictions.
  public let n: Int
  /// Correct predictions.
  public let correct: Int
  /// [C] by class.
  public let classes: [ClassScores]
  /// [C, C] counts: `confusion[true][predicted]`.
  public let confusion: [[Int]]
  /// The probability that a random review of class 1 has a larger logit difference (class 1 minus class 0) than one of
  /// class 0, ties counting half (Mann and Whitney's U); nil with more than two classes or when one has no review.
  public let auc: Double?
  /// Expected calibration error (Guo et al., ICML 2017): confidences in 15 bins of equal width, (0, 1/15]...(14/15, 1],
  /// and the mean of |accuracy - mean confidence| over the bins, weighted by their reviews.
  public let calibrationError: Double
  /// Mean cross entropy in nats.
  public let loss: Double
  /// The accuracy of always answering the most frequent label.
  public let majorityBaseline: Double
  /// Truncated texts.
  public let truncated: Int
  /// The wrong predictions with the highest confidence, highest first, ties in the natural order of ids.
  public let mostConfidentErrors: [Prediction]

  /// Correct over all.
  public var accuracy: Double { Double(correct) / Double(n) }
  /// Wilson's 95% interval of the accuracy.
  public var interval: Interval { .wilson(successes: correct, of: n) }

  /// - Parameter errorsListed: how many of the most confident errors to keep.
  /// - Throws: `EvaluationError`.
  public init(_ predictions: [Prediction], errorsListed: Int = 10) throws {
    let classCount = try Self.checkedClassCount(predictions)
    n = predictions.count
    correct = predictions.count(where: \.isCorrect)
    truncated = predictions.count(where: \.truncated)
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    for prediction in predictions { confusion[prediction.label][prediction.predicted] += 1 }
    self.confusion = confusion
    classes = (0..<classCount).map { Self.scores(ofClass: $0, in: confusion) }
    majorityBaseline = Double(classes.map(\.support).max() ?? 0) / Double(n)
    auc = classCount == 2 ? Self.auc(predictions) : nil

    let logProbabilities = predictions.map(\.logProbabilities)
    loss = -zip(predictions, logProbabilities).reduce(0) { $0 + $1.1[$1.0.label] } / Double(n)
    let confidences = zip(predictions, logProbabilities).map { exp($1[$0.predicted]) }
    calibrationError = Self.calibrationError(confidences, correct: predictions.map(\.isCorrect))
    let errors = predictions.indices.filter { !predictions[$0].isCorrect }.sorted {
      confidences[$0] == confidences[$1]
        ? naturallyPrecedes(predictions[$0].id, predictions[$1].id) : confidences[$0] > confidences[$1]
    }
    mostConfidentErrors = errors.prefix(max(0, errorsListed)).map { predictions[$0] }
  }

  private static func checkedClassCount(_ predictions: [Prediction]) throws -> Int {
    guard let first = predictions.first else { throw EvaluationError.noPredictions }
    let count = first.logits.count
    guard count >= 2 else { throw EvaluationError.classCount(id: first.id, expected: "at least 2", found: count) }
    for prediction in predictions {
      guard prediction.logits.count == count else {
        throw EvaluationError.classCount(id: prediction.id, expected: "\(count)", found: prediction.logits.count)
      }
      guard prediction.logits.allSatisfy(\.isFinite) else { throw EvaluationError.nonFiniteLogits(id: prediction.id) }
      guard (0..<count).contains(prediction.label) else {
        throw EvaluationError.labelOutOfRange(id: prediction.id, label: prediction.label, classes: count)
      }
    }
    return count
  }

  private static func scores(ofClass index: Int, in confusion: [[Int]]) -> ClassScores {
    let hits = confusion[index][index]
    let support = confusion[index].reduce(0, +)
    let answers = confusion.reduce(0) { $0 + $1[index] }
    func ratio(_ part: Int, _ whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
    return ClassScores(
      precision: ratio(hits, answers), recall: ratio(hits, support), f1: ratio(2 * hits, answers + support),
      support: support)
  }

  /// From the ranks of the scores, where tied scores share their mean rank.
  private static func auc(_ predictions: [Prediction]) -> Double? {
    let scored = predictions.map { (score: Double($0.logits[1]) - Double($0.logits[0]), isPositive: $0.label == 1) }
      .sorted { $0.score < $1.score }
    let positives = scored.count(where: \.isPositive)
    guard positives > 0, positives < scored.count else { return nil }
    var rankSum = 0.0
    var start = 0
    while start < scored.count {
      let end = scored[start...].firstIndex { $0.score != scored[start].score } ?? scored.count
      let meanRank = Double(start + 1 + end) / 2
      rankSum += meanRank * Double(scored[start..<end].count(where: \.isPositive))
      start = end
    }
    let wins = rankSum - Double(positives) * Double(positives + 1) / 2
    return wins / (Double(positives) * Double(scored.count - positives))
  }

  private static func calibrationError(_ confidences: [Double], correct: [Bool]) -> Double {
    var gaps = [Double](repeating: 0, count: calibrationBins)
    for (confidence, isCorrect) in zip(confidences, correct) {
      let bin = Int((confidence * Double(calibrationBins)).rounded(.up)) - 1
      gaps[min(max(bin, 0), calibrationBins - 1)] += (isCorrect ? 1 : 0) - confidence
    }
    return gaps.reduce(0) { $0 + abs($1) } / Double(confidences.count)
  }
}

extension ClassificationMetrics: Encodable {
  public func encode(to encoder: any Encoder) throws {
    let errors = mostConfidentErrors.map { error -> JSONMembers in
      ["id": error.id, "label": error.label, "predicted": error.predicted, "confidence": error.confidence]
    }
    try encoder.encode([
      "accuracy": accuracy, "auc": auc, "calibration_error": calibrationError, "ci95": interval, "classes": classes,
      "confusion": confusion, "correct": correct, "loss": loss, "majority_baseline": majorityBaseline,
      "most_confident_errors": errors, "n": n, "truncated": truncated,
    ])
  }
}
