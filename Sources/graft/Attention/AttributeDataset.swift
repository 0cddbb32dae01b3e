import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

extension Attribute {
  /// What attribution says over all texts of a dataset: computed, or read from the folder of a run that is finished.
  func runDataset(_ model: Model, _ run: AttributionRun, stamp: (Dataset) -> ResultStamp?) throws {
    let dataset = try data.read()
    let texts = try run.encode(dataset)
    let stamp = stamp(dataset)
    func object(_ statistics: AttributionStatistics?) throws -> JSON {
      guard let stamp, let statistics else { return try stamp?.object() ?? .null }
      return try stamp.object(
        ["reviews": texts.reviews.count, "truncated": texts.truncatedCount] + statistics)
    }
    func statistics(_ records: [AttributionRecord]) -> AttributionStatistics {
      records.reduce(into: AttributionStatistics(levels: model.dimensions.layers)) { $0.add($1) }
    }
    func report(_ statistics: AttributionStatistics) -> AttributionStatisticsReport {
      AttributionStatisticsReport(statistics, model: model.name, dataset: dataset.name)
    }

    let recorded = try RecordedRun(recording, stamp: object(nil), batchCount: texts.reviews.count)
    let records: [AttributionRecord] = try recorded.records(label: "attribute", unit: "texts", in: "texts.jsonl") {
      [try run.record(texts.reviews[$0])]
    } write: { directory, records in
      let found = statistics(records)
      try OutputFile.write(
        report(found).page(Provenance(stamp: object(nil), command: CommandText.invoked)).html,
        to: directory + "/report.html")
      try OutputFile.write(object(found).serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    let found = statistics(records)
    let summary = report(found)
    try picture.write(summary.ownChart)
    try tables.write(summary.tables)
    try html?.write(summary.page(Provenance(stamp: object(nil), command: CommandText.invoked)).html)
    try output.print(object(found), beside: picture.figure, tables.table, html) { style in
      summary.tables.text(style)
        + (recording.output.map {
          "\n" + style.painted("written: ", .faint) + "\($0.path)/report.html, results.json, texts.jsonl\n"
        } ?? "")
    }
  }
}

extension AttributionRun {
  func encode(_ dataset: Dataset) throws -> EncodedReviews {
    try EncodedReviews.noting(
      dataset, for: model, tokenizer: encoder.tokenizer, cleaning: cleaning, maxLength: maxLength,
      threads: workspace.threads)
  }

  func record(_ review: EncodedReview) throws -> AttributionRecord {
    AttributionRecord(
      id: review.id, contributions: try attribution(PackedBatch([review.ids])).contributions,
      special: special(review.ids))
  }
}
