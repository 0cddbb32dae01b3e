import ArgumentParser
import Foundation
import Reporting
import Synchronization
import Transformer

extension ProgressChoice: ExpressibleByArgument {}

/// How a command that may take long shows where it is.
struct ProgressOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Progress on standard error: auto (a line that is redrawn on a terminal, elsewhere a plain line every 30 seconds), "
        + "plain or none.", valueName: "form"))
  var progress: ProgressChoice = .auto

  @Option(help: ArgumentHelp("Seconds from one plain line to the next.", visibility: .hidden))
  var progressInterval = 30.0

  /// Also starts the display: options are validated wherever they stand, so no command can forget it.
  func validate() throws {
    guard progressInterval >= 0.001, progressInterval <= 1e6 else {
      throw ValidationError("--progress-interval must be from 0.001 to 1000000, not \(progressInterval).")
    }
    ProgressMonitor.shared.start(
      ProgressDisplay(progress, isTerminal: Console.errorCanRedraw, plainInterval: .seconds(progressInterval)))
  }
}

/// A piece of work whose state is shown until it is cleared.
struct Progress {
  private let number: Int

  init(_ work: ProgressHandler.Work) { number = ProgressMonitor.shared.begin(ProgressLine(work)) }

  func update(_ completed: Int) { ProgressMonitor.shared.update(number, completed) }

  func clear() { ProgressMonitor.shared.end(number) }

  /// Work that is not counted: reading, tokenizing, solving.
  static func during<Result>(_ label: String, _ body: () throws -> Result) rethrows -> Result {
    let progress = Progress(.init(label))
    defer { progress.clear() }
    return try body()
  }
}

extension ProgressHandler {
  /// The progress line of the command.
  static let command = ProgressHandler { work in
    let progress = Progress(work)
    return { event in
      switch event {
      case .done(let count): progress.update(count)
      case .ended: progress.clear()
      }
    }
  }
}

/// Shows on standard error what the process is doing, on a thread of its own: also while one step takes long.
final class ProgressMonitor: Sendable {
  static let shared = ProgressMonitor()

  private struct Work {
    let number: Int
    let line: ProgressLine
    let start = ContinuousClock.now
    var completed: Int
  }

  private struct State {
    var display = ProgressDisplay(.none, isTerminal: false)
    /// The last one is shown.
    var works: [Work] = []
    var begun = 0
    var isShown = false

    mutating func erase() {
      if isShown { Console.writeError(display.erasure) }
      isShown = false
    }

    mutating func show() {
      guard let work = works.last,
        let text = display.text(
          work.line, completed: work.completed, elapsed: ContinuousClock.now - work.start, style: Console.errorStyle)
      else { return }
      Console.writeError(text)
      isShown = true
    }
  }

  private let state = Mutex(State())

  func start(_ display: ProgressDisplay) {
    let isFirst = state.withLock { state in
      let isFirst = state.display.form == .none
      state.display = display
      return isFirst
    }
    guard isFirst, display.form != .none else { return }
    Thread.detachNewThread { [self] in
      var next = ContinuousClock.now + display.interval
      while true {
        let pause = max(.milliseconds(1), next - ContinuousClock.now).components
        Thread.sleep(forTimeInterval: Double(pause.seconds) + Double(pause.attoseconds) * 1e-18)
        state.withLock { $0.show() }
        // A process that was stopped for a while has missed lines, which nobody wants at once.
        repeat { next += display.interval } while next <= .now
      }
    }
  }

  func begin(_ line: ProgressLine) -> Int {
    state.withLock { state in
      state.begun += 1
      state.works.append(Work(number: state.begun, line: line, completed: line.work.resumed))
      return state.begun
    }
  }

  func update(_ number: Int, _ completed: Int) {
    state.withLock { state in
      guard let index = state.works.lastIndex(where: { $0.number == number }) else { return }
      state.works[index].completed = completed
    }
  }

  func end(_ number: Int) {
    state.withLock { state in
      state.erase()
      state.works.removeAll { $0.number == number }
    }
  }

  /// Takes the line away while something else is written to the terminal.
  func hidden<Result>(_ body: () throws -> Result) rethrows -> Result {
    try state.withLock { state in
      state.erase()
      return try body()
    }
  }

  /// Shows nothing more.
  func stop() {
    state.withLock { state in
      state.erase()
      state.works = []
    }
  }

  /// As `stop`, unless the display waits for its reader.
  func stopWithoutWaiting() {
    _ = state.withLockIfAvailable { state in
      state.erase()
      state.works = []
    }
  }
}
