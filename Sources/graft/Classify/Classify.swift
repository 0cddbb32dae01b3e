import ArgumentParser
import Evaluation
import Files
import Reporting
import Transformer

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Label texts with a classifier.",
    discussion: """
      A text longer than the model's positions (or --max-length) is truncated ([CLS] and [SEP] stay, \
      for BERT), and the result says so.

      EXAMPLES:
        graft classify imdb-bert-1-sentiment --text 'a waste of two hours' \\
          --text 'simply wonderful'
        echo 'what a film' | graft classify imdb-gpt2-narrow-sentiment
        printf '%s\\n' 'a fine film' 'a dull film' > texts.txt
        graft classify imdb-bert-1-sentiment --file texts.txt --json
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: TextOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try model.open()
    let classifier = try model.classification()
    let digest = output.json ? BackgroundDigest(of: model) : nil
    let encoder = try TextEncoder(model, maxLength: classification.maxLength)
    let cleaning = try classification.cleaning(for: model)
    let texts = try input.texts()
    let tokens = try texts.map { text in
      let bytes = cleaning == .none ? text.bytes : Array(cleaning.clean(text.string).utf8)
      return try encoder.encode(bytes, source: text.source)
    }
    let logits = try classify(tokens.map(\.ids), model)
    let results = texts.indices.map {
      ClassifiedText(text: texts[$0].string, tokens: tokens[$0], logits: logits[$0], classifier: classifier)
    }
    let object = try digest.map { digest in
      try ResultStamp(
        command: "classify", model: model, digest: digest, options: classification.members(cleaning)
      ).object(["labels": classifier.labels, "problem_type": classifier.problemType.rawValue, "results": results])
    }
    try output.print(object ?? .null) { style in
      ClassifiedText.table(results, classifier).text(style)
    }
  }

  /// The scores of each text, in order, packed into batches as `evaluate` packs them.
  private func classify(_ texts: [[Int32]], _ model: any TransformerModel) throws -> [[Float]] {
    let workspace = threads.workspace()
    var logits: [[Float]] = []
    let progress = Progress(ProgressLine(label: "classify", unit: "texts", total: texts.count))
    while logits.count < texts.count {
      var batch = [texts[logits.count]]
      var size = batch[0].count
      while logits.count + batch.count < texts.count,
        size + texts[logits.count + batch.count].count <= EncodedReviews.tokensInBatch
      {
        batch.append(texts[logits.count + batch.count])
        size += batch[batch.count - 1].count
      }
      logits += try model.classify(PackedBatch(batch), workspace: workspace)
      progress.update(logits.count)
    }
    progress.clear()
    return logits
  }
}

/// One text and its scores.
private struct ClassifiedText: Encodable {
  let text: String
  let tokens: TextEncoder.Tokens
  /// [C]
  let logits: [Float]
  let classifier: Classification

  private var predicted: Int? { classifier.problemType.predicted(logits) }
  private var probabilities: [Double]? { classifier.problemType.probabilities(logits) }

  func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "label": predicted.map { classifier.labels[$0] }, "predicted": predicted, "text": text, "logits": logits,
      "probabilities": probabilities, "tokens": tokens.ids.count, "truncated": tokens.truncated,
    ])
  }

  /// The class that holds; of independent labels each with its probability, of numbers each.
  static func table(_ results: [ClassifiedText], _ classifier: Classification) -> Table {
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
