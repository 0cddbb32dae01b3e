import Evaluation
import Files
import Interpretability
import Transformer

/// How one text's decision forms.
package struct ClassifierReading {
  package let text: String
  package let tokens: EncodedText
  package let levels: [LensLevel]
  /// [levels][C]
  package let logits: [[Float]]
  package let classifier: Classification
  package let modelName: String

  package init(
    text: String, tokens: EncodedText, levels: [LensLevel], logits: [[Float]], classifier: Classification,
    modelName: String
  ) {
    self.text = text
    self.tokens = tokens
    self.levels = levels
    self.logits = logits
    self.classifier = classifier
    self.modelName = modelName
  }

  private var problem: ProblemType { classifier.problemType }

  /// Levels upward, one column per class; for a regression only the scores.
  package var heatMap: HeatMap {
    let answer = logits.last.flatMap(problem.predicted)
    let marksOne = problem == .singleLabel
    let rows = zip(levels, logits).map { level, logits in
      let winner = problem.predicted(logits)
      let probabilities = problem.probabilities(logits)
      return HeatMap.Row(
        level.name,
        logits.enumerated().map { label, logit in
          HeatMap.Cell(
            values: (probabilities.map { [$0[label]] } ?? []) + [Double(logit)],
            isMarked: marksOne && label == winner && winner == answer)
        })
    }
    let most = logits.flatMap { $0.map { abs(Double($0)) } }.reduce(0.01, max)
    let logit = HeatMap.Statistic("logit", explanation: "The classifier's score.", range: -most...most, decimals: 2)
    return HeatMap(
      title: "\(modelName): \(text.shortened(to: 90))",
      subtitle: "each level through the classifier, as if the later blocks were skipped", columns: classifier.labels,
      rows: rows,
      statistics: (problem.explanation.map { [HeatMap.Statistic("probability", explanation: $0, range: 0...1)] } ?? [])
        + [logit], xTitle: "class", yTitle: "level", markMeaning: marksOne ? "the final decision" : "")
  }
}

extension ClassifierReading: Encodable {
  package func encode(to encoder: any Encoder) throws {
    let levels = zip(levels, logits).map { level, logits -> JSONMembers in
      [
        "layer": level.layer, "level": level.name, "logits": logits, "predicted": problem.predicted(logits),
        "probabilities": problem.probabilities(logits),
      ]
    }
    try encoder.encode(["text": text, "tokens": tokens.ids.count, "truncated": tokens.truncated, "levels": levels])
  }
}

extension ProblemType {
  /// What the probabilities are; nil where there are none.
  fileprivate var explanation: String? {
    switch self {
    case .singleLabel: return "Softmax of the classifier's scores."
    case .multiLabel: return "Sigmoid of the classifier's score."
    case .regression: return nil
    }
  }
}

extension ClassifierLensSummary {
  package func table(caption: String) -> Table {
    var table = Table(
      caption: caption,
      columns: [
        Table.Column("level"), Table.Column("accuracy", .trailing), Table.Column("95% interval", .trailing),
        Table.Column("P(true class)", .trailing), Table.Column("95% interval", .trailing),
        Table.Column("decided as finally", .trailing),
      ])
    for level in levels.reversed() {
      let accuracy = Interval.wilson(successes: level.correct, of: reviews)
      table.append([
        Table.Cell(level.level.name), .number(Double(level.correct) / Double(reviews), decimals: 3, .strong),
        .interval(accuracy.low, accuracy.high, decimals: 3), .number(level.meanTrueProbability, decimals: 3),
        .interval(level.interval.low, level.interval.high, decimals: 3),
        .number(Double(level.agreeing) / Double(reviews), decimals: 3),
      ])
    }
    return table
  }
}
