import Foundation
import Reporting

/// A progress line on standard error, on a terminal only.
struct Progress {
  private let line: ProgressLine
  private let style: Style?
  private let start = ContinuousClock.now
  private var shown: ContinuousClock.Instant?

  init(_ line: ProgressLine) {
    self.line = line
    style = Console.errorIsTerminal ? Console.errorStyle : nil
  }

  /// Shows how much is done, at most ten times a second and not in the first moments.
  mutating func update(_ completed: Int) {
    guard let style else { return }
    let now = ContinuousClock.now
    guard now - (shown ?? start) > .milliseconds(shown == nil ? 500 : 100) else { return }
    shown = now
    Self.write("\r\u{1B}[K" + line.line(completed: completed, elapsed: now - start, style: style))
  }

  /// Takes the line away.
  func clear() {
    if shown != nil { Self.write("\r\u{1B}[K") }
  }

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
