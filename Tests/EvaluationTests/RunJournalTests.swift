import Evaluation
import Files
import Foundation
import Testing

@Suite struct RunJournalTests {
  private static let stamp: JSON = ["model": "m", "options": ["batch": 2, "max_length": 256], "seed": 7]
  private static let batchCount = 3

  private static func records(_ batch: Int) -> [JSON] {
    (0..<batch + 1).map { ["batch": .integer(batch), "value": .number(Double($0) / 3), "text": "line\nend \u{E9}"] }
  }

  private static func open(_ directory: String, stamp: JSON = stamp, resume: Bool = false) throws -> RunJournal {
    try RunJournal(directory: directory, stamp: stamp, batchCount: batchCount, resume: resume)
  }

  /// Computes the missing batches and writes the results; returns the batches it computed.
  @discardableResult
  private static func complete(_ journal: RunJournal) throws -> [Int] {
    let missing = journal.missingBatches
    for batch in missing { try journal.append(batch: batch, records: records(batch)) }
    try journal.finish {
      let output = try OutputFile(journal.directory + "/results.jsonl")
      for batch in 0..<journal.batchCount {
        for record in try journal.records(ofBatch: batch) {
          try output.write(try #require(record.value).serialized() + "\n")
        }
      }
      try output.commit()
    }
    return missing
  }

  /// The folder of a run that was never interrupted.
  private static func uninterrupted() throws -> [String: [UInt8]] {
    let folder = try TestFolder()
    try complete(try open(folder.path))
    return try folder.contents()
  }

  @Test func aRunLeavesItsStampAndItsResults() throws {
    let contents = try Self.uninterrupted()
    #expect(contents.keys.sorted() == ["results.jsonl", "run.json"])
    #expect(contents["run.json"] == Array((Self.stamp.serialized(.pretty) + "\n").utf8))
    let expected = (0..<3).flatMap(Self.records).map { $0.serialized() + "\n" }.joined()
    #expect(contents["results.jsonl"] == Array(expected.utf8))
  }

  @Test func aRunCutAtEveryByteEndsWithTheSameBytes() throws {
    let whole = try Self.uninterrupted()
    let source = try TestFolder()
    var boundaries = [0]
    do {
      let journal = try Self.open(source.path)
      for batch in 0..<Self.batchCount {
        try journal.append(batch: batch, records: Self.records(batch))
        boundaries.append(try source.contents()["journal"]?.count ?? -1)
      }
    }
    let journalBytes = try #require(try source.contents()["journal"])
    #expect(boundaries.last == journalBytes.count && journalBytes.count > 500)
    let stampBytes = try #require(whole["run.json"])
    for length in 0...journalBytes.count {
      let folder = try TestFolder()
      try folder.write(stampBytes, to: "run.json")
      try folder.write(journalBytes.prefix(length), to: "journal")
      let computed = try Self.complete(try Self.open(folder.path, resume: true))
      #expect(computed.count == Self.batchCount - boundaries.count { $0 > 0 && $0 <= length })
      #expect(try folder.contents() == whole, "cut after \(length) bytes")
    }
  }

  @Test func batchesMayComeInAnyOrder() throws {
    let folder = try TestFolder()
    let journal = try Self.open(folder.path)
    try journal.append(batch: 2, records: Self.records(2))
    #expect(journal.missingBatches == [0, 1])
    try Self.complete(journal)
    #expect(try folder.contents() == Self.uninterrupted())
  }

  @Test func aBatchMayHoldNothing() throws {
    let folder = try TestFolder()
    let journal = try Self.open(folder.path)
    try journal.append(batch: 1, records: [])
    #expect(journal.missingBatches == [0, 2])
    #expect(try journal.records(ofBatch: 1).isEmpty)
  }

  @Test func aRunThatIsThereNeedsResume() throws {
    let folder = try TestFolder()
    do { try Self.open(folder.path).append(batch: 0, records: Self.records(0)) }
    #expect(throws: RunError.exists(directory: folder.path)) { try Self.open(folder.path) }
    #expect(try Self.open(folder.path, resume: true).missingBatches == [1, 2])
  }

  @Test func aFinishedRunStaysAsItIs() throws {
    let folder = try TestFolder()
    try Self.complete(try Self.open(folder.path))
    let contents = try folder.contents()
    do {
      let again = try Self.open(folder.path, resume: true)
      #expect(again.isFinished)
      #expect(try Self.complete(again) == [])
    }
    #expect(try folder.contents() == contents)
    #expect(throws: RunError.exists(directory: folder.path)) { try Self.open(folder.path) }
  }

  @Test func aFailureWhileWritingResultsCanBeResumed() throws {
    struct Interrupted: Error {}
    let folder = try TestFolder()
    do {
      let journal = try Self.open(folder.path)
      for batch in 0..<Self.batchCount { try journal.append(batch: batch, records: Self.records(batch)) }
      #expect(throws: Interrupted.self) {
        try journal.finish {
          try folder.write("half a res", to: "results.jsonl.0123456789abcdef.partial")
          throw Interrupted()
        }
      }
      #expect(!journal.isFinished)
    }
    #expect(try Self.complete(try Self.open(folder.path, resume: true)) == [])
    #expect(try folder.contents() == Self.uninterrupted())
  }

  @Test func anotherStampIsRefusedByItsFirstDifference() throws {
    let folder = try TestFolder()
    do { _ = try Self.open(folder.path) }
    let others: [(JSON, String, String, String)] = [
      (["model": "m", "options": ["batch": 2, "max_length": 128], "seed": 8], "options.max_length", "256", "128"),
      (["model": "m", "options": ["batch": 2], "seed": 7], "options.max_length", "256", "absent"),
      (["model": "m", "options": ["batch": 2, "max_length": 256], "seed": 7, "z": nil], "z", "absent", "null"),
      (["model": "e", "options": ["batch": 2, "max_length": 256], "seed": 7], "model", "\"m\"", "\"e\""),
      (["model": "e", "options": ["batch": 2, "max_length": 256], "seed": 8], "seed", "7", "8"),
      (["model": "m", "options": [2], "seed": 7], "options", #"{"batch":2,"max_length":256}"#, "[2]"),
    ]
    for (stamp, option, recorded, requested) in others {
      let expected = RunError.differs(
        directory: folder.path, option: option, recorded: recorded, requested: requested)
      for resume in [true, false] {
        #expect(throws: expected) { try Self.open(folder.path, stamp: stamp, resume: resume) }
      }
    }
    let reordered: JSON = ["seed": 7, "options": ["max_length": 256, "batch": 2], "model": "m"]
    #expect(try Self.open(folder.path, stamp: reordered, resume: true).missingBatches == [0, 1, 2])
  }

  /// Half a run is not computed on one processor and half on another; what is finished is shown anywhere.
  @Test func anotherProcessorIsRefusedUntilTheRunIsFinished() throws {
    let folder = try TestFolder()
    func stamp(_ kind: JSON, seed: JSON = 7) -> JSON { ["model": "m", "processors": [kind], "seed": seed] }
    do { _ = try Self.open(folder.path, stamp: stamp("avx2, OpenBLAS Haswell")) }
    let expected = RunError.otherProcessor(
      directory: folder.path, recorded: "[\"avx2, OpenBLAS Haswell\"]", found: "[\"portable\"]")
    #expect(throws: expected) { try Self.open(folder.path, stamp: stamp("portable"), resume: true) }
    #expect(throws: RunError.differs(directory: folder.path, option: "seed", recorded: "7", requested: "8")) {
      try Self.open(folder.path, stamp: stamp("portable", seed: 8), resume: true)
    }
    try Self.complete(try Self.open(folder.path, stamp: stamp("avx2, OpenBLAS Haswell"), resume: true))
    let before = try folder.contents()
    #expect(try Self.open(folder.path, stamp: stamp("portable"), resume: true).isFinished)
    #expect(try folder.contents() == before)
    #expect(throws: RunError.exists(directory: folder.path)) { try Self.open(folder.path, stamp: stamp("portable")) }
  }

  /// What another process sees at each stage of a run, which it neither changes nor holds up.
  @Test func theStateOfARunIsSeenFromOutside() throws {
    let folder = try TestFolder()
    func state() throws -> (RunState.Stage, Set<Int>) {
      let state = RunState(of: folder.path)
      return (state.stage, try state.recordedBatches(of: Self.batchCount))
    }
    #expect(try state() == (.missing, []))
    #expect(RunState(of: folder.path + "/nowhere").stage == .missing)
    do {
      let journal = try Self.open(folder.path)
      #expect(try state() == (.running, []))
      for batch in [2, 0] { try journal.append(batch: batch, records: Self.records(batch)) }
      #expect(try state() == (.running, [0, 2]))
    }
    #expect(try state() == (.stopped, [0, 2]))
    let whole = try #require(try folder.contents()["journal"])
    // Cut within the last batch, as by a kill: the file stays as it is.
    try folder.write(whole.dropLast(5), to: "journal")
    #expect(try state() == (.stopped, [2]))
    #expect(try folder.contents()["journal"]?.count == whole.count - 5)
    try folder.write([UInt8(ascii: "x")] + whole, to: "journal")
    #expect(throws: FileError.self) { try state() }
    try folder.write(whole, to: "journal")
    try Self.complete(try Self.open(folder.path, resume: true))
    #expect(try state() == (.finished, [0, 1, 2]))
  }

  @Test func twoRunsCannotShareAFolder() throws {
    let folder = try TestFolder()
    let first = try Self.open(folder.path)
    #expect(throws: RunError.locked(directory: folder.path)) { try Self.open(folder.path, resume: true) }
    try first.append(batch: 0, records: Self.records(0))
  }

  @Test func foldersOfOtherThingsAreRefused() throws {
    let folder = try TestFolder()
    try folder.write("precious", to: "results.jsonl")
    #expect(throws: RunError.notARun(directory: folder.path, found: "results.jsonl but no run.json")) {
      try Self.open(folder.path)
    }
    let other = try TestFolder()
    try other.write("batch", to: "journal")
    #expect(throws: RunError.notARun(directory: other.path, found: "a journal but no run.json")) {
      try Self.open(other.path, resume: true)
    }
    let file = try folder.write("x", to: "file")
    #expect(throws: FileError.self) { try Self.open(file) }
  }

  @Test func aRunKilledBeforeItsStampStartsAnew() throws {
    let folder = try TestFolder()
    try folder.write("", to: "journal")
    try folder.write("{", to: "run.json.00c0ffee00c0ffee.partial")
    try Self.complete(try Self.open(folder.path + "/"))
    #expect(try folder.contents() == Self.uninterrupted())
  }

  @Test func aDamagedJournalIsNamedNotUsed() throws {
    let folder = try TestFolder()
    do {
      let journal = try Self.open(folder.path)
      for batch in 0..<2 { try journal.append(batch: batch, records: Self.records(batch)) }
    }
    let bytes = try #require(try folder.contents()["journal"])
    let firstEnd = try #require(bytes.firstIndex(of: 0x0A))
    var changed = bytes
    changed[firstEnd + 3] ^= 1
    try folder.write(changed, to: "journal")
    #expect(message { _ = try Self.open(folder.path, resume: true) }.contains("journal (byte \(firstEnd + 1))"))

    // Damage in the last batch, as after a loss of power: that batch is computed again.
    changed = bytes
    changed[bytes.count - 2] ^= 1
    try folder.write(changed, to: "journal")
    #expect(try Self.open(folder.path, resume: true).missingBatches == [1, 2])

    for header in [
      "batch 3 bytes 0 sha256 x", "batch -1 bytes 0 sha256 x", "batch 0 bytes -1 sha256 x", "nonsense",
      "batch 99999999999999999999 bytes 0 sha256 x",
    ] {
      try folder.write(header + "\n", to: "journal")
      #expect(message { _ = try Self.open(folder.path, resume: true) }.contains("journal (byte 0)"))
    }
    try folder.write(bytes + bytes, to: "journal")
    #expect(message { _ = try Self.open(folder.path, resume: true) }.contains("journal (byte \(bytes.count))"))
    try folder.write("batch 0 bytes \(Int.max) sha256 x\n", to: "journal")
    #expect(try Self.open(folder.path, resume: true).missingBatches == [0, 1, 2])
    try folder.write("{", to: "run.json")
    #expect(message { _ = try Self.open(folder.path, resume: true) }.contains("run.json (byte 1)"))
  }

  /// In a process of its own, because the limit on the size of files holds for a whole process.
  @Test func aFullDiskLosesNothingThatWasRecorded() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let folder = try TestFolder()
      let journal = try Self.open(folder.path)
      try journal.append(batch: 0, records: Self.records(0))
      let size = try #require(try folder.contents()["journal"]?.count)
      for room in [0, 1, 50, 150] {
        #if canImport(Darwin)
          let resource = RLIMIT_FSIZE
        #else
          let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        #endif
        var unlimited = rlimit()
        getrlimit(resource, &unlimited)
        var limit = rlimit(rlim_cur: rlim_t(size + room), rlim_max: unlimited.rlim_max)
        setrlimit(resource, &limit)
        let error = message { try journal.append(batch: 1, records: Self.records(1)) }
        setrlimit(resource, &unlimited)
        #expect(error.contains("journal: cannot write: File too large; free some space"))
        #expect(journal.missingBatches == [1, 2])
        #expect(try folder.contents()["journal"]?.count == size)
      }
      #expect(try Self.complete(journal) == [1, 2])
      #expect(try folder.contents() == Self.uninterrupted())
    }
  }

  @Test func aKilledProcessLeavesTheLockFree() async throws {
    let folder = try TestFolder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      let journal = try Self.open(path)
      try journal.append(batch: 0, records: Self.records(0))
      kill(getpid(), SIGKILL)
    }
    #expect(try Self.open(folder.path, resume: true).missingBatches == [1, 2])
  }
}
