import Evaluation

extension RunComparison {
  /// - Parameters: what the two runs are called.
  package func text(_ style: Style, first: String, second: String) -> String {
    var facts = FactSheet("\(second) against \(first) on \(n.counted("review"))")
    let interval = differenceInterval
    facts.add("accuracy", "\(firstAccuracy.fixed(4)) and \(secondAccuracy.fixed(4))")
    facts.add(
      "difference",
      "\(difference.fixed(4)), 95% interval \(interval.low.fixed(4)) to \(interval.high.fixed(4))")
    facts.add("only first", onlyFirstCorrect.counted("review") + " right")
    facts.add("only second", onlySecondCorrect.counted("review") + " right")
    facts.add("McNemar", "p = \(pValue.fixed(4)), exact, two-sided")
    return facts.text(style)
  }
}
