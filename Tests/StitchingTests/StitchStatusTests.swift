import Evaluation
import Files
import Stitching
import TestSupport
import Testing

/// What a status says of folders, from stamps and journals that are written here.
@Suite struct StitchStatusTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// 2 pairs of 3 and 2 batches; 2 cuts and 2 maps: points 0 to 3 and 4 to 7, B's own states at places 8 and 9.
  private func stamp(_ shard: JSON, processor: String = "avx2", limit: Int = 9) throws -> JSON {
    let definition = JSONNode(
      [
        "schema": 1, "models": [["pretrained": ["a"], "finetuned": ["b", "c"]]], "dataset": "d",
        "limit": .integer(limit),
      ], path: "definition")
    let pairs: [StitchGrid.Pair] = [1, 2].map {
      .init(group: 0, pretrained: 0, finetuned: $0, kept: [0, 1], transplanted: [1], recipes: [.pinv, .transpose])
    }
    return try JSON(
      encoding: [
        "command": "experiment-stitch", "experiment": StitchExperiment(definition), "pairs": pairs, "batches": [3, 2],
        "shard": shard, "processors": [processor],
      ] as JSONMembers)
  }

  /// A run with some batches recorded; nil for a finished one.
  private func write(_ name: String, _ stamp: JSON, batches: [Int]?, of count: Int = 5) throws -> String {
    let journal = try RunJournal(directory: folder.path(name), stamp: stamp, batchCount: count, resume: false)
    for batch in batches ?? Array(0..<count) { try journal.append(batch: batch, records: [["n": 1]]) }
    if batches == nil { try journal.finish { try folder.write("{}", to: name + "/results.json") } }
    return folder.path(name)
  }

  private func counts(_ part: StitchStatus.Part) -> [Int]? {
    guard let points = part.points, let batches = part.batches else { return nil }
    return [points.done, points.total, batches.done, batches.total]
  }

  /// Part 1 of 3 has the points 0, 3 and 6 and no own states at 8; its jobs are both pairs.
  @Test func countsPointsWithAllTheirReviews() throws {
    for (batches, expected) in [
      ([], [0, 3, 0, 5]), ([0, 1], [0, 3, 2, 5]), ([0, 1, 2], [2, 3, 3, 5]), ([3, 4], [1, 3, 2, 5]),
      ([4, 3, 2, 1], [1, 3, 4, 5]), ([0, 1, 2, 3, 4], [3, 3, 5, 5]),
    ] {
      let path = try write("run\(batches.count)-\(expected[0])", try stamp([1, 3]), batches: batches)
      let part = StitchStatus(of: [path]).parts[0]
      #expect(part.state == .stopped && part.shard == .init(index: 1, count: 3) && part.processor == "avx2")
      #expect(counts(part) == expected)
    }
    let finished = StitchStatus(of: [try write("finished", try stamp([1, 3]), batches: nil)]).parts[0]
    #expect(finished.state == .finished && counts(finished) == [3, 3, 5, 5])
    // Parts 1 to 8 of 10 have a point each, 9 and 10 only a pair's own states.
    let own = StitchStatus(of: [try write("own", try stamp([10, 10]), batches: [1], of: 2)]).parts[0]
    #expect(counts(own) == [0, 0, 1, 2])
    let whole = StitchStatus(of: [try write("whole", try stamp(.null), batches: [0, 1, 2])])
    #expect(whole.parts[0].shard == nil && whole.merge == nil)
    #expect(counts(whole.parts[0]) == [4, 8, 3, 5])
  }

  @Test func saysWhatAMergeLacks() throws {
    let (one, four) = (
      try write("one", try stamp([1, 6]), batches: nil), try write("four", try stamp([4, 6]), batches: [])
    )
    let status = StitchStatus(of: [one, folder.path("two"), four])
    #expect(status.parts.map(\.state) == [.finished, .missing, .stopped])
    #expect(status.merge?.count == 6 && status.merge?.unfinished == [2, 3, 4, 5, 6])
    #expect(status.merge?.problems == ["\(four) is not finished", "parts 2-3,5-6 of 6 are missing"])
    #expect(StitchStatus(of: [folder.path("two")]).merge == nil)

    let halves = try [1, 2].map {
      try write("half\($0)", try stamp([.integer($0), 2], processor: "p\($0)"), batches: nil)
    }
    let ready = StitchStatus(of: halves)
    #expect(ready.merge?.problems == [] && ready.merge?.unfinished == [])
    #expect(ready.parts.map(\.processor) == ["p1", "p2"])
    let whole = try write("whole", try stamp(.null), batches: nil)
    let foreign = try write("foreign", try stamp([2, 2], limit: 8), batches: nil)
    for (folders, problem) in [
      ([halves[0]], "part 2 of 2 is missing"), ([halves[0], halves[0], halves[1]], "are both part 1 of 2"),
      ([whole] + halves, "\(whole) is a whole run already"), (halves + [one], "is one of 6 parts"),
      ([halves[0], foreign], "\(foreign) is of another experiment than \(halves[0])"),
    ] {
      #expect(StitchStatus(of: folders).merge?.problems.first?.contains(problem) == true)
    }
  }

  /// What cannot be read is named, beside what can; nothing is thrown.
  @Test func namesWhatCannotBeRead() throws {
    let good = try write("good", try stamp([1, 2]), batches: nil)
    try folder.write(#"{"command": "evaluate"}"#, to: "other/run.json")
    try folder.write("{", to: "broken/run.json")
    let lost = try write("lost", try stamp([2, 2]), batches: [0])
    try folder.write("batch 9 bytes", to: "lost/journal")
    try folder.write("batch 9 bytes 4 sha256 0\n", to: "lost/journal")
    let gone = try write("gone", try stamp([2, 2]), batches: nil)
    try folder.write(try stamp([2, 2]).serialized(), to: "gone2/run.json")
    try folder.write(try stamp([3, 2]).serialized(), to: "beyond/run.json")
    for (path, reason) in [
      (folder.path("other"), "other/run.json (command): expected experiment-stitch"),
      (folder.path("broken"), "broken/run.json"), (lost, "lost/journal (byte 0)"),
      (folder.path("gone2"), "gone2/results.json: no such file"), (folder.path("beyond"), "(shard): expected part and"),
    ] {
      let status = StitchStatus(of: [good, path])
      #expect(status.parts.map(\.state) == [.finished, .unreadable])
      #expect(status.parts[1].reason?.contains(reason) == true, "\(status.parts[1].reason ?? "")")
      #expect(status.merge?.problems == ["\(path) cannot be read", "part 2 of 2 is missing"])
    }
    #expect(StitchStatus(of: [good, gone]).merge?.problems == [])
  }

  @Test func aRunThatIsOpenIsRunning() throws {
    let journal = try RunJournal(
      directory: folder.path("run"), stamp: try stamp([1, 2]), batchCount: 5, resume: false)
    #expect(StitchStatus(of: [journal.directory]).parts[0].state == .running)
  }

  @Test func rangesAreWrittenAsSlurmWritesThem() {
    #expect(StitchStatus.ranges([]) == "")
    #expect(StitchStatus.ranges([3]) == "3")
    #expect(StitchStatus.ranges([1, 2, 4, 6, 7, 8]) == "1-2,4,6-8")
  }
}
