/// How a command shows its progress.
public enum ProgressChoice: String, CaseIterable, Sendable {
  /// A line that is redrawn on a terminal, plain lines elsewhere.
  case auto
  /// Plain lines everywhere.
  case plain
  case none
}

/// When the state of long work is shown, and as what text. It reads no clock and writes nothing.
public struct ProgressDisplay: Equatable, Sendable {
  public enum Form: Equatable, Sendable { case redrawn, plain, none }

  public let form: Form
  /// From one state that is shown to the next.
  public let interval: Duration
  /// Work that takes less is never shown.
  public let delay: Duration

  /// - Parameters:
  ///   - isTerminal: whether what is written can be redrawn.
  ///   - plainInterval: from one plain line to the next.
  public init(_ choice: ProgressChoice, isTerminal: Bool, plainInterval: Duration = .seconds(30)) {
    switch (choice, isTerminal) {
    case (.none, _): (form, interval, delay) = (.none, .zero, .zero)
    case (.auto, true): (form, interval, delay) = (.redrawn, .milliseconds(100), .milliseconds(500))
    case (.auto, false), (.plain, _): (form, interval, delay) = (.plain, plainInterval, .zero)
    }
  }

  /// What is written to show a state, `elapsed` after the work began; nil when nothing is to be shown.
  public func text(_ line: ProgressLine, completed: Int, elapsed: Duration, style: Style) -> String? {
    guard elapsed >= delay else { return nil }
    switch form {
    case .redrawn: return erasure + line.line(completed: completed, elapsed: elapsed, style: style)
    case .plain: return "graft: progress: \(line.plainLine(completed: completed, elapsed: elapsed))\n"
    case .none: return nil
    }
  }

  /// What takes the state away that was shown last.
  public var erasure: String { form == .redrawn ? "\r\u{1B}[K" : "" }
}
