import DenseMath
import Transformer

extension EncodedReviews {
  /// A classifier's predictions for the reviews of a batch, in order.
  /// - Throws: `TransformerError`; `EvaluationError.nonFiniteLogits`.
  package func predictions(
    of model: any TransformerModel, batch index: Int, workspace: Workspace
  ) throws -> [Prediction] {
    let batch = Array(reviews[batches[index]])
    let logits = try model.classify(try PackedBatch(batch.map(\.ids)), workspace: workspace)
    return try zip(batch, logits).map { try $0.prediction($1) }
  }
}

extension ClassificationMetrics {
  /// Scores a classifier on a dataset, whose labels are matched with the names of its classes.
  /// - Parameters:
  ///   - maxLength: the most tokens of a text, special ones included; longer ones are truncated. nil for the model's
  ///     positions.
  ///   - cleaning: of texts before tokenization; nil for that of config.json.
  ///   - progress: counts the batches.
  /// - Throws: `LabelError`, `TokenizationError`, `TransformerError`, `EvaluationError`, `CancellationError`.
  public init(
    of model: any TransformerModel, on dataset: Dataset, maxLength: Int? = nil, cleaning: TextCleaning? = nil,
    threads: Threads = .available, progress: ProgressHandler = .none
  ) throws {
    let encoded = try EncodedReviews(
      dataset.labelled(for: ClassNames(of: model)), tokenizer: model.tokenizer(),
      cleaning: cleaning ?? model.textCleaning(), maxLength: min(maxLength ?? .max, model.positions),
      rows: model.blockDimensions[0].vocabulary, threads: threads)
    let workspace = Workspace(threads: threads)
    let predictions = try progress.during(.init("evaluate", unit: "batches", total: encoded.batches.count)) { update in
      try encoded.batches.indices.flatMap { batch in
        let found = try encoded.predictions(of: model, batch: batch, workspace: workspace)
        try update(batch + 1)
        return found
      }
    }
    try self.init(predictions)
  }
}

extension EncodedReview {
  /// The prediction of a model's logits, [C].
  /// - Throws: `EvaluationError.nonFiniteLogits`.
  package func prediction(_ logits: [Float]) throws -> Prediction {
    guard logits.allSatisfy(\.isFinite) else { throw EvaluationError.nonFiniteLogits(id: id) }
    return Prediction(id: id, label: label, logits: logits, tokens: ids.count, truncated: truncated)
  }
}

extension TransformerModel {
  /// The scores of each text, [C], in order.
  /// - Throws: as `classify`; `CancellationError`.
  package func classify(
    _ texts: [[Int32]], workspace: Workspace, progress: ProgressHandler
  ) throws -> [[Float]] {
    try progress.during(.init("classify", unit: "texts", total: texts.count)) { update in
      try PackedBatch.plan(texts.map(\.count)).flatMap { batch in
        let logits = try classify(PackedBatch(Array(texts[batch])), workspace: workspace)
        try update(batch.upperBound)
        return logits
      }
    }
  }

  /// The cleaning in config.json's `graft.text_cleaning`, else none.
  /// - Throws: `FileError`, `EvaluationError.unknownTextCleaning`.
  package func textCleaning() throws -> TextCleaning {
    let node = config["graft"]["text_cleaning"]
    guard node.isPresent else { return .none }
    let name = try node.string()
    guard let cleaning = TextCleaning(rawValue: name) else {
      throw EvaluationError.unknownTextCleaning(
        path: node.path, found: "\"\(name)\"", known: TextCleaning.allCases.map { "\"\($0.rawValue)\"" })
    }
    return cleaning
  }
}
