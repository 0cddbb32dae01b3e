import DenseMath
import Evaluation
import Files
import Testing

/// Random predictions with logits in quarters, so that many scores tie.
func randomPredictions(classes: Int, seed: UInt64, count: Int) -> [Prediction] {
  var generator = SplitMix64(seed: seed)
  return (0..<count).map { index in
    var logits = (0..<classes).map { _ in Float(generator.uniform(below: 33) - 16) / 4 }
    let label = generator.uniform(below: classes)
    if generator.uniform(below: 3) == 0 { logits[label] += 2 }
    return Prediction(id: "review/\(index)", label: label, logits: logits, tokens: 5, truncated: index % 7 == 0)
  }
}

private func isClose(_ value: Double?, _ expected: Double, within bound: Double = 1e-12) -> Bool {
  guard let value else { return false }
  return abs(value - expected) <= bound
}

@Suite struct ClassificationMetricsTests {
  private func prediction(_ id: String, _ label: Int, _ logits: [Float], truncated: Bool = false) -> Prediction {
    Prediction(id: id, label: label, logits: logits, tokens: 3, truncated: truncated)
  }

  /// Worked by hand: with logits 0 and x the probability of class 1 is 1 / (1 + e^-x), so ln 3 gives 3/4.
  @Test func aSmallCaseByHand() throws {
    let ln3: Float = 1.0986123
    let metrics = try ClassificationMetrics([
      prediction("a", 1, [0, ln3]), prediction("b", 0, [0, ln3], truncated: true), prediction("c", 0, [ln3, 0]),
      prediction("d", 1, [0, 0]),
    ])
    #expect(metrics.n == 4)
    #expect(metrics.correct == 2)  // d is a tie, which goes to class 0.
    #expect(metrics.accuracy == 0.5)
    #expect(metrics.truncated == 1)
    #expect(metrics.confusion == [[1, 1], [1, 1]])
    #expect(metrics.majorityBaseline == 0.5)
    #expect(isClose(metrics.loss, (0.28768207245 + 1.38629436112 + 0.28768207245 + 0.69314718056) / 4, within: 1e-7))
    // Scores ln3, ln3, -ln3, 0: a ties with b and beats c; d loses to b and beats c: (0.5 + 1 + 0 + 1) / 4.
    #expect(metrics.auc == 0.625)
    // Three at 3/4 with two right: |2 - 2.25|; one at 1/2, wrong: 0.5. Together 0.75 / 4.
    #expect(isClose(metrics.calibrationError, 0.1875, within: 1e-7))
    #expect(metrics.mostConfidentErrors.map(\.id) == ["b", "d"])
    let scores = metrics.classes[1]
    #expect([scores.precision, scores.recall, scores.f1] == [0.5, 0.5, 0.5])
    #expect(scores.support == 2)
  }

  /// Expected values from a Python version that forms every pair for the AUC and sorts into bins by comparing edges.
  @Test func twoClassesMatchAnIndependentComputation() throws {
    let metrics = try ClassificationMetrics(randomPredictions(classes: 2, seed: 21, count: 500), errorsListed: 4)
    #expect(metrics.correct == 287)
    #expect(metrics.confusion == [[151, 105], [108, 136]])
    #expect(isClose(metrics.loss, 1.2775019570042392))
    #expect(isClose(metrics.calibrationError, 0.2916408871175842))
    #expect(isClose(metrics.auc, 0.607573962602459))
    #expect(isClose(metrics.classes[0].precision, 0.583011583011583))
    #expect(isClose(metrics.classes[0].recall, 0.58984375))
    #expect(isClose(metrics.classes[0].f1, 0.5864077669902912))
    #expect(isClose(metrics.classes[1].f1, 0.5608247422680412))
    #expect(metrics.classes.map(\.support) == [256, 244])
    #expect(metrics.majorityBaseline == 0.512)
    // 249 and 371 have the same confidence.
    #expect(metrics.mostConfidentErrors.map(\.id) == [184, 249, 371, 89].map { "review/\($0)" })
    #expect(metrics.truncated == 72)
  }

  @Test func threeClassesMatchAnIndependentComputation() throws {
    let metrics = try ClassificationMetrics(randomPredictions(classes: 3, seed: 22, count: 300), errorsListed: 4)
    #expect(metrics.correct == 131)
    #expect(metrics.confusion == [[34, 19, 29], [31, 44, 29], [31, 30, 53]])
    #expect(isClose(metrics.loss, 1.98253025077934))
    #expect(isClose(metrics.calibrationError, 0.36316477122115287))
    #expect(metrics.auc == nil)
    #expect(isClose(metrics.classes[2].precision, 0.4774774774774775))
    #expect(isClose(metrics.classes[1].recall, 0.4230769230769231))
    #expect(isClose(metrics.classes[0].f1, 0.38202247191011235))
    #expect(metrics.majorityBaseline == 0.38)
    #expect(metrics.mostConfidentErrors.map(\.id) == [207, 280, 125, 31].map { "review/\($0)" })
  }

  @Test func theOrderOfPredictionsDoesNotMatter() throws {
    let predictions = randomPredictions(classes: 2, seed: 5, count: 200)
    let (forward, backward) = (
      try ClassificationMetrics(predictions), try ClassificationMetrics(predictions.reversed())
    )
    #expect(forward.auc == backward.auc)
    #expect(forward.mostConfidentErrors.map(\.id) == backward.mostConfidentErrors.map(\.id))
    #expect(isClose(forward.loss, backward.loss))
  }

  @Test func largeLogitsDoNotOverflow() throws {
    let metrics = try ClassificationMetrics([prediction("a", 0, [-3e38, 3e38]), prediction("b", 1, [-1e4, 1e4])])
    #expect(isClose(metrics.loss / 3e38, 1, within: 1e-6))
    #expect(metrics.calibrationError == 0.5)
  }

  @Test func whatHasNoDenominatorIsNull() throws {
    let metrics = try ClassificationMetrics([prediction("a", 0, [1, 0, 0]), prediction("b", 1, [1, 0, 0])])
    #expect(try ClassificationMetrics([prediction("a", 0, [1, 0])]).auc == nil)
    let json = try JSON(encoding: metrics)
    let classes = #"""
      [{"f1":0.6666666666666666,"precision":0.5,"recall":1.0,"support":1},\#
      {"f1":0.0,"precision":null,"recall":0.0,"support":1},\#
      {"f1":null,"precision":null,"recall":null,"support":0}]
      """#
    #expect(json["classes"]?.serialized() == classes)
    #expect(json["auc"] == .null)
    #expect(json["confusion"] == [[1, 0, 0], [1, 0, 0], [0, 0, 0]])
    #expect(json["ci95"] == [.number(metrics.interval.low), .number(metrics.interval.high)])
  }

  @Test func wrongPredictionsNameTheReview() {
    #expect(throws: EvaluationError.noPredictions) { try ClassificationMetrics([]) }
    #expect(throws: EvaluationError.classCount(id: "a", expected: "at least 2", found: 1)) {
      try ClassificationMetrics([prediction("a", 0, [1])])
    }
    #expect(throws: EvaluationError.classCount(id: "b", expected: "2", found: 3)) {
      try ClassificationMetrics([prediction("a", 0, [1, 2]), prediction("b", 0, [1, 2, 3])])
    }
    for label in [-1, 2, .max] {
      #expect(throws: EvaluationError.labelOutOfRange(id: "a", label: label, classes: 2)) {
        try ClassificationMetrics([prediction("a", label, [1, 2])])
      }
    }
    for logit in [Float.nan, .infinity, -.infinity] {
      #expect(throws: EvaluationError.nonFiniteLogits(id: "a")) {
        try ClassificationMetrics([prediction("a", 0, [logit, 2])])
      }
    }
  }

  // z = 1.959963984540054, the formula worked in Python; 81 of 263 is Newcombe's (1998) example: 0.2553 to 0.3662.
  @Test(arguments: [
    (0, 10, 0.0, 0.2775327998628892),
    (10, 10, 0.7224672001371106, 1.0),
    (81, 263, 0.2552885198782742, 0.36620957698280004),
    (167, 200, 0.7773421846094044, 0.8800314467178268),
    (1713, 2000, 0.8404514484685872, 0.8711816968198794),
  ])
  func wilsonIntervals(successes: Int, trials: Int, low: Double, high: Double) {
    let interval = Interval.wilson(successes: successes, of: trials)
    #expect(isClose(interval.low, low))
    #expect(isClose(interval.high, high))
    #expect(successes > 0 || interval.low == 0)
    #expect(successes < trials || interval.high == 1)
  }
}

@Suite struct PredictionTests {
  @Test func aLineOfJSONReadsBackTheSame() throws {
    let folder = try TestFolder()
    let predictions =
      randomPredictions(classes: 2, seed: 1, count: 20)
      + [
        Prediction(
          id: "e\u{301}\n", label: 1, logits: [0.1, -3e38, .leastNonzeroMagnitude], tokens: 0, truncated: true)
      ]
    let text = try predictions.map { try JSON(encoding: $0).serialized() + "\n" }.joined()
    try folder.write(text, to: "predictions.jsonl")
    for path in [folder.path, folder.path + "/predictions.jsonl"] {
      let read = try Prediction.read(run: path)
      #expect(try read.map { try JSON(encoding: $0).serialized() + "\n" }.joined() == text)
      #expect(read.map(\.logits) == predictions.map(\.logits))
    }
    let first = #"{"id":"review/0","label":0,"logits":[2.0,-2.0],"predicted":0,"tokens":5,"truncated":true}"#
    let line = try JSON(
      encoding: Prediction(id: "review/0", label: 0, logits: [2, -2], tokens: 5, truncated: true))
    #expect(line.serialized() == first)
  }

  @Test func tiesGoToTheLowestClass() {
    #expect(Prediction(id: "a", label: 0, logits: [1, 3, 3], tokens: 1, truncated: false).predicted == 1)
    #expect(Prediction(id: "a", label: 0, logits: [-0.0, 0], tokens: 1, truncated: false).predicted == 0)
  }

  @Test func wrongLinesAreNamed() throws {
    let folder = try TestFolder()
    let good = #"{"id":"a","label":0,"logits":[2.0,-2.0],"predicted":0,"tokens":5,"truncated":true}"# + "\n"
    for (from, to, place, found) in [
      (#""predicted":0"#, #""predicted":1"#, "line 2.predicted", "the number 1"),
      ("[2.0,-2.0]", "[2.0,null]", "line 2.logits[1]", "found null"),
      (#""tokens":5,"#, "", "line 2.tokens", "found nothing"),
    ] {
      try folder.write(good + good.replacing(from, with: to), to: "predictions.jsonl")
      let error = message { _ = try Prediction.read(run: folder.path) }
      #expect(error.contains("predictions.jsonl (\(place)"))
      #expect(error.contains(found))
    }
    #expect(throws: FileError.missing(path: "/nowhere")) { try Prediction.read(run: "/nowhere") }
  }
}
