import Files

// For Stitching, until its results are Encodable.
extension Prediction {
  /// The members of a line of `predictions.jsonl`: `id`, `label`, `logits`, `predicted`, `tokens`, `truncated`.
  package var members: [JSON.Member] {
    [
      JSON.Member("id", .string(id)), JSON.Member("label", .integer(label)),
      JSON.Member("logits", .array(logits.map(JSON.float))), JSON.Member("predicted", .integer(predicted)),
      JSON.Member("tokens", .integer(tokens)), JSON.Member("truncated", .bool(truncated)),
    ]
  }
}

extension RunComparison {
  /// `accuracy` [first, second], `both_correct`, `ci95` of the difference, `difference`, `n`, `neither_correct`,
  /// `only_first_correct`, `only_second_correct`, `p_value`.
  package var members: [JSON.Member] {
    [
      JSON.Member("accuracy", [.number(firstAccuracy), .number(secondAccuracy)]),
      JSON.Member("both_correct", .integer(bothCorrect)), JSON.Member("ci95", differenceInterval.json),
      JSON.Member("difference", .number(difference)), JSON.Member("n", .integer(n)),
      JSON.Member("neither_correct", .integer(neitherCorrect)),
      JSON.Member("only_first_correct", .integer(onlyFirstCorrect)),
      JSON.Member("only_second_correct", .integer(onlySecondCorrect)), JSON.Member("p_value", .number(pValue)),
    ]
  }
}
