import Files
import Foundation

/// Two classifiers on the same reviews, paired review by review.
package struct RunComparison: Equatable, Sendable {
  /// Reviews both runs got right.
  package let bothCorrect: Int
  /// Reviews only the first run got right: b in McNemar's table.
  package let onlyFirstCorrect: Int
  /// Reviews only the second run got right: c in McNemar's table.
  package let onlySecondCorrect: Int
  /// Reviews neither run got right.
  package let neitherCorrect: Int

  package init(bothCorrect: Int, onlyFirstCorrect: Int, onlySecondCorrect: Int, neitherCorrect: Int) {
    self.bothCorrect = bothCorrect
    self.onlyFirstCorrect = onlyFirstCorrect
    self.onlySecondCorrect = onlySecondCorrect
    self.neitherCorrect = neitherCorrect
  }

  /// Pairs two runs by review; their order does not matter.
  /// - Parameter classNames: the names of the two runs' classes, to compare labels by name.
  /// - Throws: `EvaluationError` for an empty run, a repeated review, or runs with different reviews or labels.
  package init(
    _ first: [Prediction], _ second: [Prediction], classNames: (first: [String], second: [String])? = nil
  ) throws {
    func name(_ label: Int, in names: [String]?) -> String {
      guard let names, names.indices.contains(label) else { return "\(label)" }
      return names[label]
    }
    let (first, second) = (try Self.sorted(first, run: "first"), try Self.sorted(second, run: "second"))
    try Self.checkSameReviews(first, second)
    var counts = [0, 0, 0, 0]
    for (left, right) in zip(first, second) {
      let (leftName, rightName) = (
        name(left.label, in: classNames?.first), name(right.label, in: classNames?.second)
      )
      guard LabelWord(leftName) == LabelWord(rightName) else {
        throw EvaluationError.differentLabels(id: left.id, first: leftName, second: rightName)
      }
      counts[(left.isCorrect ? 0 : 2) + (right.isCorrect ? 0 : 1)] += 1
    }
    self.init(
      bothCorrect: counts[0], onlyFirstCorrect: counts[1], onlySecondCorrect: counts[2], neitherCorrect: counts[3])
  }

  private static func sorted(_ predictions: [Prediction], run: String) throws -> [Prediction] {
    guard !predictions.isEmpty else { throw EvaluationError.noPredictions }
    let sorted = predictions.sorted { naturallyPrecedes($0.id, $1.id) }
    for (left, right) in zip(sorted, sorted.dropFirst()) where ExactKey(left.id) == ExactKey(right.id) {
      throw EvaluationError.repeatedReview(run: run, id: left.id)
    }
    return sorted
  }

  private static func checkSameReviews(_ first: [Prediction], _ second: [Prediction]) throws {
    for (run, left, right) in [("first", first, second), ("second", second, first)] {
      let others = Set(right.map { ExactKey($0.id) })
      let alone = left.filter { !others.contains(ExactKey($0.id)) }
      if let id = alone.first?.id {
        throw EvaluationError.differentReviews(run: run, id: id, count: alone.count)
      }
    }
  }

  /// Reviews.
  package var n: Int { bothCorrect + onlyFirstCorrect + onlySecondCorrect + neitherCorrect }
  package var firstAccuracy: Double { Double(bothCorrect + onlyFirstCorrect) / Double(n) }
  package var secondAccuracy: Double { Double(bothCorrect + onlySecondCorrect) / Double(n) }
  /// The second run's accuracy minus the first's.
  package var difference: Double { Double(onlySecondCorrect - onlyFirstCorrect) / Double(n) }

  /// The 95% interval of `difference`: Newcombe's method 10 for paired proportions (Statistics in Medicine 17:2635,
  /// 1998), which combines the two Wilson intervals with a continuity-corrected correlation.
  package var differenceInterval: Interval {
    let (p, q) = (secondAccuracy, firstAccuracy)
    let pInterval = Interval.wilson(successes: bothCorrect + onlySecondCorrect, of: n)
    let qInterval = Interval.wilson(successes: bothCorrect + onlyFirstCorrect, of: n)
    let phi = correlation
    func distance(_ u: Double, _ v: Double) -> Double { max(0, u * u - 2 * phi * u * v + v * v).squareRoot() }
    return Interval(
      low: difference - distance(p - pInterval.low, qInterval.high - q),
      high: difference + distance(pInterval.high - p, q - qInterval.low))
  }

  /// The phi coefficient of the table, its numerator moved towards 0 by n/2 when positive; 0 when a margin is empty.
  private var correlation: Double {
    let (a, b) = (Double(bothCorrect), Double(onlyFirstCorrect))
    let (c, d) = (Double(onlySecondCorrect), Double(neitherCorrect))
    let margins = (a + b) * (c + d) * (a + c) * (b + d)
    guard margins > 0 else { return 0 }
    let product = a * d - b * c
    return (product > 0 ? max(0, product - Double(n) / 2) : product) / margins.squareRoot()
  }

  /// McNemar's exact test: the two-sided probability, were both runs equally good, of a split of the reviews that only
  /// one run got right at least as uneven as this one: 2 P(X ≤ min(b, c)) with X ~ Bin(b + c, 1/2), at most 1.
  package var pValue: Double {
    let trials = Double(onlyFirstCorrect + onlySecondCorrect)
    let smaller = Double(min(onlyFirstCorrect, onlySecondCorrect))
    // The largest term by logarithms, the others by their ratios, so that nothing under- or overflows.
    let logChoices: Double = lgamma(trials + 1) - lgamma(smaller + 1) - lgamma(trials - smaller + 1)
    let largestTerm = exp(logChoices - trials * log(2))
    var (sum, ratio) = (1.0, 1.0)
    for i in stride(from: smaller, to: 0, by: -1) {
      ratio *= i / (trials - i + 1)
      sum += ratio
    }
    return min(1, 2 * largestTerm * sum)
  }
}

extension RunComparison: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "accuracy": [firstAccuracy, secondAccuracy], "both_correct": bothCorrect, "ci95": differenceInterval,
      "difference": difference, "n": n, "neither_correct": neitherCorrect, "only_first_correct": onlyFirstCorrect,
      "only_second_correct": onlySecondCorrect, "p_value": pValue,
    ])
  }
}
