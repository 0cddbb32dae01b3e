import Evaluation
import Transformer

/// One text and its scores.
package struct ClassifiedText: Encodable {
  let text: String
  let tokens: EncodedText
  /// [C]
  let logits: [Float]
  let classifier: Classification

  package init(text: String, tokens: EncodedText, logits: [Float], classifier: Classification) {
    (self.text, self.tokens, self.logits, self.classifier) = (text, tokens, logits, classifier)
  }

  private var predicted: Int? { classifier.problemType.predicted(logits) }
  private var probabilities: [Double]? { classifier.problemType.probabilities(logits) }

  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "label": predicted.map { classifier.labels[$0] }, "predicted": predicted, "text": text, "logits": logits,
      "probabilities": probabilities, "tokens": tokens.ids.count, "truncated": tokens.truncated,
    ])
  }

  /// The class that holds; of independent labels each with its probability, of numbers each.
  package static func table(_ results: [ClassifiedText], _ classifier: Classification) -> Table {
    let isSingle = classifier.problemType == .singleLabel
    let names =
      isSingle
      ? [Table.Column("label", isWhole: true), Table.Column("probability", .trailing)]
      : classifier.labels.map { Table.Column($0, .trailing) }
    var table = Table(
      caption: classifier.problemType.caption,
      columns: names + [Table.Column("tokens", .trailing), Table.Column("text")])
    for result in results { table.append(result.cells + result.textCells) }
    return table
  }

  private var cells: [Table.Cell] {
    guard let probabilities, let predicted else { return logits.map { .number(Double($0), decimals: 4) } }
    guard classifier.problemType == .singleLabel else { return probabilities.map { .number($0, decimals: 3) } }
    return [
      Table.Cell(classifier.labels[predicted], .series(predicted)), .number(probabilities[predicted], decimals: 3),
    ]
  }

  private var textCells: [Table.Cell] {
    [
      Table.Cell("\(tokens.ids.count)\(tokens.truncated ? ", truncated" : "")", .faint),
      Table.Cell(text.shortened(to: 80)),
    ]
  }
}

extension ProblemType {
  /// What the numbers of a table are, where it is not one class and its probability.
  fileprivate var caption: String {
    switch self {
    case .singleLabel: return ""
    case .multiLabel: return "the probability of each label, independent of the others"
    case .regression: return "numbers, not probabilities (problem_type regression)"
    }
  }
}
