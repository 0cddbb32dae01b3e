import Files
import Transformer

/// A record of a run: a line of its journal and of its file of records.
package protocol RunRecord: Encodable {
  /// Reads what was encoded. Throws `FileError`.
  init(_ node: JSONNode) throws
}

/// The loop over the batches of a run, recorded in a folder (`RunJournal`) or only in memory.
package struct RecordedRun {
  private let journal: RunJournal?
  /// The folder of the run; nil for none.
  package var directory: String? { journal?.directory }
  private let batchCount: Int
  private let progress: ProgressHandler

  /// - Parameters:
  ///   - directory: the folder of the run; nil for none.
  ///   - stamp: what defines the run; called only for a folder.
  ///   - resume: whether an existing run may be resumed.
  /// - Throws: as `RunJournal.init`.
  package init(
    directory: String?, stamp: @autoclosure () throws -> JSON, batchCount: Int, resume: Bool = false,
    progress: ProgressHandler = .none
  ) throws {
    self.batchCount = batchCount
    self.progress = progress
    journal = try directory.map {
      try RunJournal(directory: $0, stamp: stamp(), batchCount: batchCount, resume: resume)
    }
  }

  /// Computes the missing batches; then writes the results into the folder, if any.
  /// - Parameters:
  ///   - label: the name of the run in progress, and `unit` that of its batches.
  ///   - compute: the records of a batch.
  ///   - encode: a record as a line of the journal, which `decode` reads.
  ///   - write: writes the results into the folder, from all records in the order of the batches.
  /// - Returns: all records; nil when an earlier call finished the run.
  package func records<Record>(
    label: String, unit: String = "batches", compute: (_ batch: Int) throws -> [Record],
    encode: (Record) throws -> JSON,
    decode: (JSONNode) throws -> Record, write: (_ directory: String, [Record]) throws -> Void
  ) throws -> [Record]? {
    let missing = journal?.missingBatches ?? Array(0..<batchCount)
    let resumed = batchCount - missing.count
    var inMemory: [Record] = []
    try progress.during(.init(label, unit: unit, total: batchCount, resumed: resumed)) { update in
      for (done, batch) in missing.enumerated() {
        let records = try compute(batch)
        if let journal {
          try journal.append(batch: batch, records: records.map(encode))
        } else {
          inMemory += records
        }
        try update(resumed + done + 1)
      }
    }
    guard let journal else { return inMemory }
    guard !journal.isFinished else { return nil }
    let all = try (0..<batchCount).flatMap { try journal.records(ofBatch: $0).map(decode) }
    try journal.finish { try write(journal.directory, all) }
    return all
  }

  /// As above, of records that know how they are written.
  package func records<Record: RunRecord>(
    label: String, unit: String = "batches", compute: (_ batch: Int) throws -> [Record],
    write: (_ directory: String, [Record]) throws -> Void
  ) throws -> [Record]? {
    try records(
      label: label, unit: unit, compute: compute, encode: { try JSON(encoding: $0) }, decode: Record.init, write: write)
  }

  /// As above, with the records in a file of the folder, one per line, from which they are read where an earlier call
  /// finished the run.
  /// - Parameter file: the name of that file.
  package func records<Record: RunRecord>(
    label: String, unit: String = "batches", in file: String, compute: (_ batch: Int) throws -> [Record],
    write: (_ directory: String, [Record]) throws -> Void
  ) throws -> [Record] {
    let found = try records(label: label, unit: unit, compute: compute) { directory, records in
      try writeJSONLines(records, to: directory + "/" + file)
      try write(directory, records)
    }
    return try found ?? journal.map { try readJSONLines($0.directory + "/" + file) { try Record($0) } } ?? []
  }

  /// The predictions of a classifier, recorded as `predictions.jsonl` beside `results.json`.
  package func predictions(
    _ encoded: EncodedReviews, of model: any TransformerModel, workspace: Workspace,
    results: (ClassificationMetrics) throws -> JSON
  ) throws -> [Prediction] {
    try records(label: "evaluate", in: "predictions.jsonl") { batch in
      try encoded.predictions(of: model, batch: batch, workspace: workspace)
    } write: { directory, predictions in
      let object = try results(ClassificationMetrics(predictions))
      try OutputFile.write(object.serialized(.pretty) + "\n", to: directory + "/results.json")
    }
  }
}

extension Prediction: RunRecord {}

/// One JSON object per line.
/// - Throws: `FileError`.
package func writeJSONLines(_ objects: some Sequence<some Encodable>, to path: String) throws {
  let file = try OutputFile(path)
  for object in objects { try file.write(JSON(encoding: object).serialized() + "\n") }
  try file.commit()
}
