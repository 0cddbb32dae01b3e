/// How a command shows its progress.
package enum ProgressChoice: String, CaseIterable, Sendable {
  /// A line that is redrawn on a terminal, plain lines elsewhere.
  case auto
  /// Plain lines everywhere.
  case plain
  case none
}

/// When the state of long work is shown, and as what text. It reads no clock and writes nothing.
package struct ProgressDisplay: Equatable, Sendable {
  package enum Form: Equatable, Sendable { case redrawn, plain, none }

  package let form: Form
  /// From one state that is shown to the next.
  package let interval: Duration
  /// Work that takes less is never shown.
  package let delay: Duration

  /// - Parameters:
  ///   - isTerminal: whether what is written can be redrawn.
  ///   - plainInterval: from one plain line to the next.
  package init(_ choice: ProgressChoice, isTerminal: Bool, plainInterval: Duration = .seconds(30)) {
    switch (choice, isTerminal) {
    case (.none, _): (form, interval, delay) = (.none, .zero, .zero)
    case (.auto, true): (form, interval, delay) = (.redrawn, .milliseconds(100), .milliseconds(500))
    case (.auto, false), (.plain, _): (form, interval, delay) = (.plain, plainInterval, .zero)
    }
  }

  /// What is written to show a state, `elapsed` after the work began; nil when nothing is to be shown.
  package func text(_ line: ProgressLine, completed: Int, elapsed: Duration, style: Style) -> String? {
    guard elapsed >= delay else { return nil }
    switch form {
    case .redrawn: return erasure + line.line(completed: completed, elapsed: elapsed, style: style)
    case .plain: return "graft: progress: \(line.plainLine(completed: completed, elapsed: elapsed))\n"
    case .none: return nil
    }
  }

  /// What takes the state away that was shown last.
  package var erasure: String { form == .redrawn ? "\r\u{1B}[K" : "" }
}
