import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

/// A dataset as the lens reads it: tokenized, masked where the model is a BERT, and dealt to the parts of a run.
struct LensCorpus {
  let dataset: Dataset
  let cleaning: TextCleaning
  private let encoded: EncodedReviews
  private let tokenizer: Tokenizer
  private let predictsMasked: Bool
  private let options: LensCorpusOptions
  /// The batches of each part.
  private let parts: [[Int]]

  /// - Throws: what reading and tokenizing throw; `CommandError.missingSpecialToken` for a BERT without a mask.
  init(_ model: any TransformerModel, _ options: LensCorpusOptions, maxLength: Int?, threads: Threads) throws {
    self.options = options
    dataset = try options.data.read()
    cleaning = try options.text.cleaning(for: model)
    tokenizer = try model.notedTokenizer()
    predictsMasked = model.traits.predictsMasked
    if predictsMasked, tokenizer.specialTokens.mask == nil {
      throw CommandError.missingSpecialToken(directory: model.tokenizerDirectory, role: "mask", option: "--dataset")
    }
    encoded = try EncodedReviews.noting(
      dataset, for: model, tokenizer: tokenizer, cleaning: cleaning,
      maxLength: min(maxLength ?? tokenizer.options.maxLength ?? .max, model.positions),
      threads: threads)
    parts = LensCorpusPart.plan(batches: encoded.batches.count)
  }

  var partCount: Int { parts.count }
  var truncatedCount: Int { encoded.truncatedCount }

  /// What the options came to, as it stands in a result.
  func members(maxLength: Int?) -> JSONMembers {
    options.data.members + [
      "mask_share": predictsMasked ? options.maskShare : nil, "max_length": maxLength,
      "text_cleaning": cleaning.rawValue,
    ]
  }

  var batchCount: Int { encoded.batches.count }

  /// The texts of a part, a batch at a time.
  func forEachBatch(of part: Int, _ body: ([LensCorpusText]) throws -> Void) throws {
    for batch in parts[part] { try body(texts(ofBatch: batch)) }
  }

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
    guard predictsMasked, let mask = tokenizer.specialTokens.mask else {
      return .causal(id: review.id, ids: review.ids, ends: ends)
    }
    let special = tokenizer.specialTokens
    return .masked(
      id: review.id, ids: review.ids, ends: ends, mask: mask,
      special: Set([special.cls, special.sep, special.pad, mask].compactMap { $0 }), share: options.maskShare,
      seed: options.data.seed)
  }
}

extension Lens {
  /// The statistics of a dataset: computed, or read from the folder of a run that is finished.
  func runCorpus(_ model: any TransformerModel, _ heads: LensHeads, base: (any TransformerModel)?) throws {
    let digests = (BackgroundDigest(of: model), base.map { BackgroundDigest(of: $0) })
    let corpus = try LensCorpus(model, self.corpus, maxLength: encoding.maxLength, threads: threads.count)
    let translators = try tuning.tuned.map { try TunedLens(path: $0) }
    let reader = try LogitLens(
      model, heads: heads.segments,
      levels: LensLevel.all(
        blocks: model.blockDimensions.count, sublayers: lens.sublayers, tuned: translators != nil),
      tuned: translators)
    let tunedMembers = try tuning.members()
    let stamp = ResultStamp(
      command: "lens", model: model, digest: digests.0, dataset: corpus.dataset, seed: self.corpus.data.seed,
      options: lens.corpusMembers + corpus.members(maxLength: encoding.maxLength) + threads.member)
    func object(_ members: JSONMembers) throws -> JSON {
      try stamp.object(
        ["unembedding_sha256": Absent(wrappedValue: try digests.1?.wait())] + tunedMembers + members)
    }

    func statistics(_ parts: [LensCorpusPart]) throws -> LensStatistics {
      try LensStatistics(levels: reader.levels, parts: parts, seed: self.corpus.data.seed)
    }
    func result(_ statistics: LensStatistics) throws -> JSON {
      try object(["truncated": corpus.truncatedCount] + statistics)
    }

    let workspace = threads.workspace()
    let run = try RecordedRun(recording, stamp: object([:]), batchCount: corpus.partCount)
    let parts = try run.records(label: "lens", unit: "parts") { part in
      let distributions = LensDistributions(levels: reader.levels.count, vocabulary: reader.heads[0].vocabulary)
      var texts: [LensTextSums] = []
      try corpus.forEachBatch(of: part) {
        texts += try reader.sums(of: $0, distributions: distributions, workspace: workspace)
      }
      return [LensCorpusPart(texts: texts, distributions: reader.levels.indices.map { distributions[$0] })]
    } encode: {
      try JSON(encoding: $0)
    } decode: {
      try LensCorpusPart($0)
    } write: { directory, parts in
      let texts = parts.flatMap(\.texts).sorted { naturallyPrecedes($0.id, $1.id) }
      try writeJSONLines(texts, to: directory + "/texts.jsonl")
      try OutputFile.write(result(statistics(parts)).serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    let found = try parts.map(statistics) ?? LensStatistics(.read((recording.output?.path ?? "") + "/results.json"))
    let report = LensCorpusReport(found, model: model.name, dataset: corpus.dataset.name)
    try svg?.write(report.chart(show ?? .kl).svg())
    try output.print(result(found), beside: svg) { report.text($0) }
  }
}
