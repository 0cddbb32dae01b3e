import ArgumentParser
import Evaluation
import Files
import Foundation
import Reporting
import Transformer

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Label texts with a classifier.",
    discussion: """
      A text longer than the model's positions (or --max-length) is cut: its head is kept, [CLS] first and [SEP] last for \
      BERT, and the result says truncated.

      EXAMPLES:
        graft classify imdb-bert-1-sentiment --text 'a waste of two hours' --text 'simply wonderful'
        graft classify imdb-bert-1-sentiment --file reviews.txt --json
        echo 'what a film' | graft classify imdb-gpt2-narrow-sentiment
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: TextOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try model.open()
    _ = try model.requireClassifier()
    let labels = try model.labels()
    let digest = output.json ? BackgroundDigest(of: model) : nil
    let encoder = try TextEncoder(model, maxLength: classification.maxLength)
    let cleaning = try classification.cleaning(for: model)
    let texts = try input.texts()
    let tokens = try texts.map { text in
      let bytes = cleaning == .none ? text.bytes : Array(cleaning.clean(text.string).utf8)
      return try encoder.encode(bytes, source: text.source)
    }
    let logits = try classify(tokens.map(\.ids), model)
    let results = texts.indices.map { ClassifiedText(text: texts[$0].string, tokens: tokens[$0], logits: logits[$0]) }
    let object = digest.map { digest in
      ResultStamp(
        command: "classify", model: model, digest: digest, options: .object(classification.members(cleaning))
      ).object([
        JSON.Member("labels", .array(labels.map { .string($0) })),
        JSON.Member("results", .array(results.map { $0.json(labels) })),
      ])
    }
    try output.print(object ?? .null) { style in
      ClassifiedText.table(results, labels).text(style)
    }
  }

  /// The scores of each text, in order, packed into batches as `evaluate` packs them.
  private func classify(_ texts: [[Int32]], _ model: any Runnable) throws -> [[Float]] {
    let workspace = threads.workspace()
    var logits: [[Float]] = []
    var progress = Progress(ProgressLine(label: "classify", unit: "texts", total: texts.count))
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
private struct ClassifiedText {
  let text: String
  let tokens: TextEncoder.Tokens
  /// [C]
  let logits: [Float]

  /// The class with the highest score; of equal ones the lowest.
  private var predicted: Int {
    logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) } ?? 0
  }

  /// Softmax of the scores.
  private var probabilities: [Double] {
    let weights = logits.map { exp(Double($0) - Double(logits[predicted])) }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  func json(_ labels: [String]) -> JSON {
    [
      "label": .string(labels[predicted]), "predicted": .integer(predicted), "text": .string(text),
      "logits": .array(logits.map { .float($0) }), "probabilities": .array(probabilities.map { .number($0) }),
      "tokens": .integer(tokens.ids.count), "truncated": .bool(tokens.truncated),
    ]
  }

  static func table(_ results: [ClassifiedText], _ labels: [String]) -> Table {
    var table = Table(columns: [
      Table.Column("label", isWhole: true), Table.Column("probability", .trailing), Table.Column("tokens", .trailing),
      Table.Column("text"),
    ])
    for result in results {
      table.append([
        Table.Cell(labels[result.predicted], .series(result.predicted)),
        .number(result.probabilities[result.predicted], decimals: 3),
        Table.Cell("\(result.tokens.ids.count)\(result.tokens.truncated ? ", truncated" : "")", .faint),
        Table.Cell(result.text.shortened(to: 80)),
      ])
    }
    return table
  }
}
