import ArgumentParser
import Evaluation
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

/// `graft identify` over the texts of a dataset, in a folder or only in memory.
///
/// The plan: the batches of texts whose attention is measured, then the maps that are fitted, one a batch.
struct IdentifyRun {
  /// Reviews of the sample that are read when no dataset is given, and tokens of each when no length is.
  static let sampleReviews = 200
  static let sampleTokens = 256
  /// What every text is cut to unless --lengths says otherwise.
  static let defaultLengths = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]

  private enum Record: RunRecord {
    case attention(AttentionRecord)
    case map(TokenIdentifiability.Record)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .attention(let record): try encoder.encode(["attention": record])
      case .map(let record): try encoder.encode(["map": record])
      }
    }

    init(_ node: JSONNode) throws {
      self =
        node["map"].isPresent
        ? .map(try TokenIdentifiability.Record(node["map"])) : .attention(try AttentionRecord(node["attention"]))
    }
  }

  private let options: Identify
  private let dataset: Dataset
  private let encoded: EncodedReviews
  private let tokenizer: Tokenizer
  private let attention: AttentionStudy?
  private let tokens: TokenIdentifiability?
  private let model: any TransformerModel
  private let stamp: ResultStamp

  init(_ options: Identify, _ model: any TransformerModel) throws {
    self.options = options
    self.model = model
    let digest = BackgroundDigest(of: model)
    dataset = try options.data.read(orSampleOf: Self.sampleReviews)
    let cleaning = try options.classification.cleaning(for: model)
    let maxLength = min(options.classification.maxLength ?? Self.sampleTokens, model.positions)
    let encoder = try TextEncoder(model, maxLength: maxLength)
    tokenizer = encoder.tokenizer
    encoded = try EncodedReviews.noting(
      dataset, for: model, tokenizer: tokenizer, cleaning: cleaning, maxLength: maxLength,
      threads: options.threads.count)
    if let most = options.lengths?.max(), most > maxLength {
      throw ValidationError(
        "--lengths \(most) does nothing: texts are cut to \(maxLength) tokens; leave it out"
          + (most <= model.positions ? ", or give --max-length \(most)." : "."))
    }
    let lengths = (options.lengths ?? Self.defaultLengths).filter { $0 <= maxLength }
    let seed = options.data.seed
    attention =
      options.measure.includesAttention
      ? AttentionStudy(
        model, try options.effective.method(for: model), tokenizer: tokenizer, lengths: lengths) : nil
    tokens =
      options.measure.includesTokens
      ? TokenIdentifiability(
        model, try TokenTexts(encoded.reviews.map { .init(id: $0.id, ids: $0.ids) }, seed: seed),
        kinds: options.maps.maps.kinds, training: options.maps.training(seed: seed)) : nil
    stamp = ResultStamp(
      command: "identify", model: model, digest: digest, dataset: dataset, seed: seed,
      options: options.data.members + options.effective.members + options.maps.members + options.threads.member + [
        "lengths": lengths, "max_length": maxLength, "measure": options.measure.rawValue,
        "text_cleaning": cleaning.rawValue,
      ])
  }

  func run() throws {
    let workspace = options.threads.workspace()
    let textBatches = attention == nil ? 0 : encoded.batches.count
    let maps = tokens?.runner(workspace: workspace)
    let run = try RecordedRun(
      options.recording, stamp: stamp.object(), batchCount: textBatches + (tokens?.parts.count ?? 0))
    let all = try run.records(label: "identify", in: "records.jsonl") { batch -> [Record] in
      if let attention, batch < textBatches {
        return try encoded.reviews[encoded.batches[batch]].map {
          .attention(try attention.record(id: $0.id, $0.ids, workspace: workspace))
        }
      }
      return try maps.map { [.map(try $0.record(part: batch - textBatches))] } ?? []
    } write: { directory, records in
      let summary = self.report(records)
      try OutputFile.write(
        summary.page(stamp: json(summary), command: CommandText.invoked), to: directory + "/report.html")
      try OutputFile.write(json(summary).serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    let report = self.report(all)
    try options.picture.write(report.picture)
    try options.html?.write(report.page(stamp: json(report), command: CommandText.invoked))
    try options.tables.write(report.tables)
    try options.output.print(
      json(report), beside: options.picture.figure, options.tables.table, options.html
    ) { style in
      report.tables.text(style)
        + (options.recording.output.map {
          "\n" + style.painted("written: ", .faint) + "\($0)/report.html, results.json, records.jsonl\n"
        } ?? "")
    }
  }

  private func report(_ records: [Record]) -> IdentifyReport {
    var (texts, maps): ([AttentionRecord], [TokenIdentifiability.Record]) = ([], [])
    for record in records {
      switch record {
      case .attention(let text): texts.append(text)
      case .map(let map): maps.append(map)
      }
    }
    let seed = options.data.seed
    return IdentifyReport(
      attention: attention.map {
        AttentionReport(
          AttentionSummary(texts, targets: $0.targets, seed: seed), model: model, dataset: dataset,
          tokenizer: tokenizer, simplex: options.effective.simplex)
      },
      tokens: tokens.map { TokenReport(maps, study: $0, seed: seed) }, model: model, dataset: dataset,
      reviews: encoded.reviews.count)
  }

  private func json(_ report: IdentifyReport) throws -> JSON {
    try stamp.object(
      report.members + ["reviews": encoded.reviews.count, "truncated": encoded.truncatedCount])
  }
}
