import Evaluation
import Files
import Testing
import Transformer

@Suite struct RecordedRunTests {
  private struct Square: RunRecord, Equatable {
    let value: Int
    init(_ value: Int) { self.value = value }
    init(_ node: JSONNode) throws { value = try node["value"].int() }
  }

  private static let stamp: JSON = ["options": ["n": 4]]

  private func run(_ directory: String?, resume: Bool = false, progress: ProgressHandler = .none) throws -> RecordedRun
  {
    try RecordedRun(directory: directory, stamp: Self.stamp, batchCount: 4, resume: resume, progress: progress)
  }

  private func records(_ run: RecordedRun, failingAt stop: Int? = nil, computed: (Int) -> Void = { _ in }) throws
    -> [Square]
  {
    try run.records(label: "squares", in: "squares.jsonl") { batch in
      if batch == stop { throw CancellationError() }
      computed(batch)
      return [Square(batch * batch), Square(-batch)]
    } write: { directory, all in
      try OutputFile.write("\(all.reduce(0) { $0 + $1.value })\n", to: directory + "/results.json")
    }
  }

  private let expected = [0, 0, 1, -1, 4, -2, 9, -3].map { Square($0) }

  @Test func inMemoryAndInAFolderAreTheSame() throws {
    let folder = try TestFolder()
    #expect(try records(run(nil)) == expected)
    #expect(try records(run(folder.path)) == expected)
    let files = try folder.contents()
    #expect(files["results.json"] == Array("8\n".utf8))
    #expect(files["squares.jsonl"] == Array(expected.map { "{\"value\":\($0.value)}\n" }.joined().utf8))
    #expect(files["journal"] == nil)
  }

  @Test func resumesWhereItStoppedAndReadsWhatIsFinished() throws {
    let folder = try TestFolder()
    #expect(throws: CancellationError.self) { try records(run(folder.path), failingAt: 2) }
    var computed: [Int] = []
    #expect(try records(run(folder.path, resume: true)) { computed.append($0) } == expected)
    #expect(computed == [2, 3])
    computed = []
    #expect(try records(run(folder.path, resume: true)) { computed.append($0) } == expected)
    #expect(computed.isEmpty)
  }
}
