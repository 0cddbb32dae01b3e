import DenseMath
import Evaluation
import Files
import Tokenization
import Transformer

/// A dataset as the lens reads it: tokenized, masked where the model predicts masked tokens, and dealt to the parts of a
/// run.
package struct LensCorpus {
  package let dataset: Dataset
  package let encoded: EncodedReviews
  private let cleaning: TextCleaning
  private let tokenizer: Tokenizer
  private let masking: (share: Double, seed: UInt64)?
  /// The batches of each part.
  private let parts: [[Int]]

  /// - Parameters:
  ///   - encoded: the dataset's texts after `cleaning`.
  ///   - masking: for a model that predicts masked tokens: the share of a text's tokens that is masked, and what decides
  ///     which.
  package init(
    _ dataset: Dataset, _ encoded: EncodedReviews, cleaning: TextCleaning, tokenizer: Tokenizer,
    masking: (share: Double, seed: UInt64)?
  ) {
    (self.dataset, self.encoded, self.cleaning) = (dataset, encoded, cleaning)
    (self.tokenizer, self.masking) = (tokenizer, masking)
    parts = LensCorpusPart.plan(batches: encoded.batches.count)
  }

  /// Parts of a run: what it records at a time.
  package var partCount: Int { parts.count }

  /// - Throws: `TokenizationError`.
  func texts(ofBatch batch: Int) throws -> [LensCorpusText] { try encoded.batches[batch].map { try text($0) } }

  private func text(_ index: Int) throws -> LensCorpusText {
    let review = encoded.reviews[index]
    let whole = try tokenizer.encode(cleaning.clean(dataset.reviews[index].text))
    // What is left of a text has the tokens of the whole, from its start or from its end, and then what closes it.
    let prefix = tokenizer.template.prefix.count
    let skipped = tokenizer.options.truncationSide == .left ? whole.ids.count - review.ids.count : 0
    let first = prefix + skipped
    let start = skipped > 0 && first < whole.offsets.count ? whole.offsets[first].lowerBound : 0
    let ends = review.ids.indices.map { index in
      let place = index < prefix ? index : index + skipped
      return place < whole.offsets.count ? max(0, whole.offsets[place].upperBound - start) : 0
    }
    guard let masking, let mask = tokenizer.specialTokens.mask else {
      return .causal(id: review.id, ids: review.ids, ends: ends)
    }
    let special = tokenizer.specialTokens
    return .masked(
      id: review.id, ids: review.ids, ends: ends, mask: mask,
      special: Set([special.cls, special.sep, special.pad, mask].compactMap { $0 }), share: masking.share,
      seed: masking.seed)
  }

  /// The statistics of a run: computed, or read from the folder of one that is finished, which holds `texts.jsonl` and
  /// `results.json`.
  /// - Parameters:
  ///   - seed: of the bootstrap.
  ///   - results: `results.json`.
  /// - Throws: `TransformerError`, `TokenizationError`, `InterpretabilityError.nothingToPredict`, `FileError`.
  package func statistics(
    by lens: LogitLens, seed: UInt64, in run: RecordedRun, workspace: Workspace,
    results: (LensStatistics) throws -> JSON
  ) throws -> LensStatistics {
    func statistics(_ parts: [LensCorpusPart]) throws -> LensStatistics {
      try LensStatistics(levels: lens.levels, parts: parts, seed: seed)
    }
    let parts: [LensCorpusPart]? = try run.records(label: "lens", unit: "parts") { part in
      let distributions = LensDistributions(levels: lens.levels.count, vocabulary: lens.heads[0].vocabulary)
      let texts = try self.parts[part].flatMap {
        try lens.sums(of: self.texts(ofBatch: $0), distributions: distributions, workspace: workspace)
      }
      return [LensCorpusPart(texts: texts, distributions: lens.levels.indices.map { distributions[$0] })]
    } write: { directory, parts in
      let texts = parts.flatMap(\.texts).sorted { naturallyPrecedes($0.id, $1.id) }
      try writeJSONLines(texts, to: directory + "/texts.jsonl")
      try OutputFile.write(results(statistics(parts)).serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    return try parts.map(statistics) ?? LensStatistics(.read((run.directory ?? "") + "/results.json"))
  }
}

/// A tuned lens and how well it fits.
package struct TunedLensFit {
  package let lens: TunedLens
  /// Of each level, the share of the last state's variance that its translator explains.
  package let explained: [Double]
  /// Of each level, the mean KL divergence of the last tenth of the gradient steps; nil without steps.
  package let divergences: [Double]?
  /// Places that it was fitted on.
  package let places: Int
}

extension LensCorpus {
  /// Fits a tuned lens: ridge regression in one pass over the texts, then gradient steps over the batches in a drawn order,
  /// again and again.
  /// - Parameters:
  ///   - ridge: what is added to each variance, as a share of it.
  ///   - rate: of the first step; it falls to 0 with the last.
  /// - Throws: `TransformerError`, `TokenizationError`, `InterpretabilityError.nothingToPredict`, `LinearAlgebraError`; what
  ///   `progress` throws.
  package func fit(
    _ model: Model, head: Unembedding, ridge: Double, steps: Int, rate: Double, seed: UInt64, workspace: Workspace,
    progress: ProgressHandler
  ) throws -> TunedLensFit {
    var regression = TunedLensRegression(model, head: head)
    let batches = encoded.batches.count
    try progress.during(.init("fit", unit: "batches", total: batches)) { update in
      for batch in 0..<batches {
        try regression.add(texts(ofBatch: batch), workspace: workspace)
        try update(batch + 1)
      }
    }
    let (fitted, explained) = try progress.during(.init("regression")) { _ in try regression.solve(ridge: ridge) }
    guard steps > 0 else {
      return TunedLensFit(lens: fitted, explained: explained, divergences: nil, places: regression.places)
    }
    var training = TunedLensTraining(
      regression, from: fitted, steps: steps, rate: rate, seed: seed, workspace: workspace)
    var generator = SplitMix64(seed: seed)
    var order: [Int] = []
    var last: [[Double]] = []
    try progress.during(.init("fit", unit: "steps", total: steps)) { update in
      for step in 0..<steps {
        if order.isEmpty { order = generator.permutation(of: batches) }
        if let means = try training.step(texts(ofBatch: order.removeLast())), step >= steps - max(1, steps / 10) {
          last.append(means)
        }
        try update(step + 1)
      }
    }
    let means = fitted.translators.indices.map { level in
      last.reduce(0) { $0 + $1[level] } / Double(max(1, last.count))
    }
    return TunedLensFit(lens: training.lens, explained: explained, divergences: means, places: regression.places)
  }
}
