import Evaluation
import Files
import Foundation
import Testing

@Suite struct RunComparisonTests {
  private func prediction(_ id: String, label: Int, predicted: Int) -> Prediction {
    Prediction(id: id, label: label, logits: predicted == 1 ? [0, 1] : [1, 0], tokens: 3, truncated: false)
  }

  @Test func reviewsArePairedByIdInAnyOrder() throws {
    let first = ["a", "b", "c", "d", "e"].map { prediction($0, label: 1, predicted: $0 < "d" ? 1 : 0) }
    let second = ["e", "d", "c", "b", "a"].map { prediction($0, label: 1, predicted: $0 == "c" || $0 == "d" ? 1 : 0) }
    let comparison = try RunComparison(first, second)
    #expect(
      comparison
        == RunComparison(bothCorrect: 1, onlyFirstCorrect: 2, onlySecondCorrect: 1, neitherCorrect: 1))
    #expect(comparison.firstAccuracy == 0.6)
    #expect(comparison.secondAccuracy == 0.4)
    #expect(comparison.difference == -0.2)
    #expect(comparison.pValue == 1)
    let json = try JSON(encoding: comparison)
    #expect(json["accuracy"] == [0.6, 0.4])
    #expect(json["only_first_correct"] == 2)
    #expect(json["n"] == 5)
  }

  /// Tables [both, only the first, only the second, neither]. The first is Newcombe's (1998) example, method 10: 0.0569
  /// to 0.3404; the second Bentur's as in Fagerland, Lydersen and Laake (2014): -0.507 to -0.026 (first minus second,
  /// so that the signs change here). The others were computed in Python.
  @Test(arguments: [
    ([36, 2, 12, 0], 0.05692958400323875, 0.3404276029749406),
    ([1, 1, 7, 12], 0.02555912416485978, 0.506920226686141),
    ([53, 0, 0, 1], -0.07293814547857695, 0.07293814547857695),
    ([0, 30, 18, 0], -0.4956946647826361, 0.0327447296156948),
    ([700, 60, 41, 199], -0.03884468001004971, 0.0007846580634321594),
    ([59, 16, 6, 80], -0.11862119563870992, -0.004625113933050061),
  ])
  func newcombeIntervals(counts: [Int], low: Double, high: Double) {
    let comparison = RunComparison(
      bothCorrect: counts[0], onlyFirstCorrect: counts[1], onlySecondCorrect: counts[2], neitherCorrect: counts[3])
    #expect(abs(comparison.differenceInterval.low - low) <= 1e-12)
    #expect(abs(comparison.differenceInterval.high - high) <= 1e-12)
  }

  @Test func equalRunsDifferByNothing() {
    let perfect = RunComparison(bothCorrect: 50, onlyFirstCorrect: 0, onlySecondCorrect: 0, neitherCorrect: 0)
    #expect(perfect.difference == 0)
    #expect(perfect.pValue == 1)
    #expect(abs(perfect.differenceInterval.low + perfect.differenceInterval.high) <= 1e-15)
    #expect(perfect.differenceInterval.high < 0.08)
  }

  // Twice the lower tail of Bin(b + c, 1/2) in exact fractions, by Python.
  @Test(arguments: [
    (0, 0, 1), (1, 7, 0.0703125), (10, 10, 1), (5, 0, 0.0625), (6, 16, 0.052478790283203125),
    (60, 41, 0.07275700687752419), (400, 300, 0.00017847631448562445), (2000, 1700, 8.738822275817884e-07),
    (12_000, 13_000, 2.631745508336495e-10),
  ])
  func mcNemarIsExact(b: Int, c: Int, expected: Double) {
    let comparison = RunComparison(bothCorrect: 3, onlyFirstCorrect: b, onlySecondCorrect: c, neitherCorrect: 1)
    let swapped = RunComparison(bothCorrect: 3, onlyFirstCorrect: c, onlySecondCorrect: b, neitherCorrect: 1)
    #expect(abs(comparison.pValue - expected) <= 1e-9 * expected)
    #expect(swapped.pValue == comparison.pValue)
  }

  @Test func hopelessOddsUnderflowToZero() {
    let comparison = RunComparison(bothCorrect: 0, onlyFirstCorrect: 0, onlySecondCorrect: 25_000, neitherCorrect: 0)
    #expect(comparison.pValue == 0)
  }

  @Test func runsThatCannotBePairedAreRefused() {
    let a = prediction("a", label: 1, predicted: 1)
    let b = prediction("b", label: 1, predicted: 1)
    let c = prediction("c", label: 0, predicted: 1)
    #expect(throws: EvaluationError.noPredictions) { try RunComparison([a], []) }
    #expect(throws: EvaluationError.repeatedReview(run: "second", id: "a")) { try RunComparison([a, b], [a, b, a]) }
    #expect(throws: EvaluationError.differentReviews(run: "first", id: "a", count: 2)) {
      try RunComparison([b, c, a], [c])
    }
    #expect(throws: EvaluationError.differentReviews(run: "second", id: "b", count: 1)) {
      try RunComparison([a, c], [c, b, a])
    }
    #expect(throws: EvaluationError.differentLabels(id: "b", first: "1", second: "0")) {
      try RunComparison([a, b], [a, prediction("b", label: 0, predicted: 1)])
    }
  }

  @Test func holmsCorrection() {
    // By hand: 4 x 0.005, 3 x 0.01, then 2 x 0.03 and 1 x 0.04, which may not fall below the one before.
    let corrected = RunComparison.holmCorrected([0.01, 0.04, 0.03, 0.005])
    for (found, expected) in zip(corrected, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(found - expected) < 1e-15) }
    #expect(RunComparison.holmCorrected([0.6, 0.9]) == [1, 1])
    #expect(RunComparison.holmCorrected([]).isEmpty)
  }
}
