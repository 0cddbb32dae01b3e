import Files
import Foundation

/// The folder of a run that may be killed at any moment and resumed, with the same final bytes as a run that never was.
///
/// A run is a fixed list of batches, numbered from 0. Each finished batch is appended to the file `journal` in one
/// piece and flushed to disk, so that a kill loses only the batch in progress. The folder's files show its state:
///
/// | `run.json` (the stamp) | `journal` | state |
/// |---|---|---|
/// | no | no, or empty | new |
/// | yes | yes | running, or killed |
/// | yes | no | finished; the results are beside the stamp |
///
/// Only one process at a time can have a folder open.
package final class RunJournal {
  package let directory: String
  /// The number of batches.
  package let batchCount: Int
  /// Whether the results are written.
  package private(set) var isFinished: Bool
  private let lock: DirectoryLock
  private var journal: JournalFile?

  /// Opens or creates the folder, and starts a run in it or resumes the one that it holds.
  /// - Parameters:
  ///   - stamp: an object with everything that defines the run; it becomes `run.json`. Its member `processors`, if it has
  ///     one, says what the last bits depend on, and must stay the same until the run is finished.
  ///   - batchCount: the number of batches, which must follow from the stamp.
  ///   - resume: whether an existing run may be resumed. A new folder is allowed too.
  /// - Throws: `RunError`; `FileError` when a file cannot be read or written, or was changed by hand.
  package init(directory: String, stamp: JSON, batchCount: Int, resume: Bool) throws {
    self.directory = directory
    self.batchCount = batchCount
    try OutputFolder.create(directory)
    lock = try DirectoryLock(directory)
    let stampPath = directory + "/run.json"
    let journalPath = directory + "/journal"
    if access(stampPath, F_OK) == 0 {
      let isFinished = access(journalPath, F_OK) != 0
      try Self.check(stamp, against: try JSON.read(stampPath), directory: directory, isFinished: isFinished)
      guard resume else { throw RunError.exists(directory: directory) }
      OutputFolder.removeLeftovers(in: directory)
    } else {
      try Self.checkIsNew(directory)
      OutputFolder.removeLeftovers(in: directory)
      try JournalFile.create(journalPath)
      try OutputFile.write(stamp.serialized(.pretty) + "\n", to: stampPath)
      try lock.synchronize()
    }
    isFinished = access(journalPath, F_OK) != 0
    journal = isFinished ? nil : try JournalFile(journalPath, batchCount: batchCount)
  }

  /// The batches still to be computed, ascending; none when the run is finished.
  package var missingBatches: [Int] {
    guard let journal else { return [] }
    return (0..<batchCount).filter { !journal.contains($0) }
  }

  /// Records a batch; when this returns, it is on disk. Batches may come in any order. - Throws: `FileError`, also for
  /// a full disk; then the batch, unlike the others, is not recorded and may be appended again.
  /// - Precondition: `batch` is one of `missingBatches`.
  package func append(batch: Int, records: [JSON]) throws {
    precondition((0..<batchCount).contains(batch), "batch \(batch) is not in 0..<\(batchCount)")
    guard let journal, !journal.contains(batch) else { preconditionFailure("batch \(batch) is already recorded") }
    try journal.append(batch: batch, records: records)
  }

  /// The records of a batch, with keys sorted by their bytes, read from the journal so that only one batch needs to be
  /// in memory.
  /// - Throws: `FileError`.
  /// - Precondition: the batch is recorded and the run not finished.
  package func records(ofBatch batch: Int) throws -> [JSONNode] {
    guard let journal, journal.contains(batch) else { preconditionFailure("batch \(batch) is not recorded") }
    return try journal.records(ofBatch: batch)
  }

  /// Ends the run: `writeResults` writes the results into the folder (each through `OutputFile`), from
  /// `records(ofBatch:)` alone, so that they do not depend on whether the run was resumed; then the journal is removed.
  /// If it throws or the process ends the run can still be resumed. Does nothing when the run is finished.
  /// - Throws: what `writeResults` throws, and `FileError`.
  /// - Precondition: no batch is missing.
  package func finish(_ writeResults: () throws -> Void) throws {
    guard let journal else { return }
    precondition(missingBatches.isEmpty, "the run has missing batches")
    try writeResults()
    try lock.synchronize()
    try journal.remove()
    try lock.synchronize()
    self.journal = nil
    isFinished = true
  }

  /// A folder without a stamp may hold only what a run left that was killed before it wrote one.
  private static func checkIsNew(_ directory: String) throws {
    let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
    let isLeftover = { (name: String) in
      name == "journal" || name.hasPrefix("run.json.") && OutputFolder.isLeftover(name)
    }
    if let stranger = names?.filter({ !isLeftover($0) }).min(by: naturallyPrecedes) {
      throw RunError.notARun(directory: directory, found: "\(stranger) but no run.json")
    }
    var status = stat()
    guard stat(directory + "/journal", &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 else {
      throw RunError.notARun(directory: directory, found: "a journal but no run.json")
    }
  }

  private static func check(_ stamp: JSON, against recorded: JSON, directory: String, isFinished: Bool) throws {
    let requested = stamp.replacing("processors", with: recorded["processors"] ?? .null)
    // Options and seed first: another number of reviews causes another digest of the dataset.
    if let difference = recorded.firstDifference(from: requested, before: ["options", "seed"]) {
      throw RunError.differs(
        directory: directory, option: difference.path, recorded: difference.left, requested: difference.right)
    }
    // What is finished may be shown again anywhere.
    guard !isFinished, let here = stamp["processors"], let there = recorded["processors"], here != there else { return }
    throw RunError.otherProcessor(directory: directory, recorded: there.serialized(), found: here.serialized())
  }
}
