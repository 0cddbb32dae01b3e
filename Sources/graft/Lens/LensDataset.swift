import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

extension LensCorpusOptions {
  /// - Throws: what reading and tokenizing throw; `CommandError.missingSpecialToken` where a model that fills masks has no
  ///   mask token.
  func corpus(_ model: any TransformerModel, maxLength: Int?, threads: Threads) throws -> LensCorpus {
    let dataset = try data.read()
    let cleaning = try text.cleaning(for: model)
    let tokenizer = try model.notedTokenizer()
    if model.traits.predictsMasked, tokenizer.specialTokens.mask == nil {
      throw CommandError.missingSpecialToken(directory: model.tokenizerDirectory, role: "mask", option: "--dataset")
    }
    let encoded = try EncodedReviews.noting(
      dataset, for: model, tokenizer: tokenizer, cleaning: cleaning,
      maxLength: min(maxLength ?? tokenizer.options.maxLength ?? .max, model.positions), threads: threads)
    return LensCorpus(
      dataset, encoded, cleaning: cleaning, tokenizer: tokenizer,
      masking: model.traits.predictsMasked ? (maskShare, data.seed) : nil)
  }

  /// What the options came to, as recorded in a result.
  func members(_ model: any TransformerModel, maxLength: Int?) throws -> JSONMembers {
    data.members + [
      "mask_share": model.traits.predictsMasked ? maskShare : nil, "max_length": maxLength,
      "text_cleaning": try text.cleaning(for: model).rawValue,
    ]
  }
}

extension Lens {
  /// The statistics of a dataset: computed, or read from the folder of a run that is finished.
  func runCorpus(_ model: any TransformerModel, _ heads: [Unembedding], base: (any TransformerModel)?) throws {
    let digests = (BackgroundDigest(of: model), base.map { BackgroundDigest(of: $0) })
    let corpus = try self.corpus.corpus(model, maxLength: encoding.maxLength, threads: threads.count)
    let translators = try tuning.tuned.map { try TunedLens(path: $0) }
    let reader = try LogitLens(
      model, heads: heads,
      levels: LensLevel.all(
        blocks: model.blockDimensions.count, sublayers: lens.sublayers, tuned: translators != nil),
      tuned: translators)
    let tunedMembers = try tuning.members()
    let stamp = ResultStamp(
      command: "lens", model: model, digest: digests.0, dataset: corpus.dataset, seed: self.corpus.data.seed,
      options: try lens.corpusMembers + self.corpus.members(model, maxLength: encoding.maxLength) + precision.member
        + threads.member)
    func object(_ members: JSONMembers) throws -> JSON {
      try stamp.object(
        ["unembedding_sha256": Absent(wrappedValue: try digests.1?.wait())] + tunedMembers + members)
    }
    func result(_ statistics: LensStatistics) throws -> JSON {
      try object(["truncated": corpus.encoded.truncatedCount] + statistics)
    }
    let statistics = try corpus.statistics(
      by: reader, seed: self.corpus.data.seed,
      in: RecordedRun(recording, stamp: object([:]), batchCount: corpus.partCount),
      workspace: threads.workspace(precision.precision),
      results: result)
    let report = LensCorpusReport(statistics, model: model.name, dataset: corpus.dataset.name)
    try picture.write(report.chart(show ?? .kl))
    try tables.write(report.tables)
    try output.print(result(statistics), beside: picture.figure, tables.table) { report.text($0) }
  }
}
