import Synchronization
import TestSupport
import Testing
import Transformer

@Suite struct ProgressHandlerTests {
  private final class Log: Sendable {
    let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  private func handler(_ log: Log, cancelAfter count: Int = .max) -> ProgressHandler {
    ProgressHandler { work in
      log.add("\(work.label) of \(work.total ?? 0) \(work.unit)")
      return { event in
        switch event {
        case .done(let count): log.add("\(count)")
        case .ended: log.add("ended")
        }
      }
    } isCancelled: {
      log.all.count > count
    }
  }

  @Test func tellsWhereACallIs() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let log = Log()
    let whole = try model.generate(after: [5, 9], count: 3, workspace: Workspace(), progress: handler(log))
    #expect(log.all == ["generate of 3 tokens", "1", "2", "3", "ended"])
    #expect(whole == (try model.generate(after: [5, 9], count: 3, workspace: Workspace())))
  }

  @Test func endsACallThatIsCancelled() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let log = Log()
    #expect(throws: CancellationError.self) {
      try model.generate(after: [5, 9], count: 3, workspace: Workspace(), progress: handler(log, cancelAfter: 2))
    }
    #expect(log.all == ["generate of 3 tokens", "1", "2", "ended"])
  }
}
