import Transformer

/// The text of a progress line. It reads no clock and writes nothing: the caller gives the time that has passed, and
/// shows the line.
package struct ProgressLine: Equatable, Sendable {
  package let work: ProgressHandler.Work

  package init(_ work: ProgressHandler.Work) { self.work = work }

  /// The state when `completed` of the total (resumed ones included) are done, `elapsed` after the start:
  /// `pinv, 3 kept  ████████▎               152/400  38%  38.0 reviews/s  6.5 s left`.
  /// Cut to the terminal's width; no line break.
  package func line(completed: Int, elapsed: Duration, style: Style) -> String {
    guard let total = work.total else {
      let text = "\(work.label.printable)  \(Self.text(elapsed))"
      return style.width.map { text.cut(toColumns: $0, mark: style.cutMark) } ?? text
    }
    var parts = ["\(completed)/\(total)", "\(percent(completed, of: total))%"]
    if let rate = rate(completed, elapsed) {
      parts.append("\(rate.fixed(rate < 10 ? 2 : 1)) \(work.unit)/s")
      parts.append(Self.text(remaining(completed, of: total, rate)) + " left")
    }
    let numbers = parts.joined(separator: "  ")
    let facts = "\(bar(fraction(completed, of: total), style))  \(numbers)"
    guard let width = style.width else { return "\(work.label.printable)  \(facts)" }
    // On a narrow terminal the label gives way first, then the bar.
    let room = width - Self.barColumns - 4 - DisplayWidth.of(numbers)
    if room < 0 { return numbers.cut(toColumns: width, mark: style.cutMark) }
    let head = work.label.printable.cut(toColumns: room, mark: style.cutMark)
    return head.isEmpty ? facts : "\(head)  \(facts)"
  }

  /// The state for a log, without colour, bar or a width:
  /// `pinv, 3 kept: 152/400 reviews, 38%, 4.0 s elapsed, 6.5 s left`.
  package func plainLine(completed: Int, elapsed: Duration) -> String {
    let time = Self.text(elapsed) + " elapsed"
    guard let total = work.total else { return "\(work.label.printable): \(time)" }
    let left = rate(completed, elapsed).map { ", \(Self.text(remaining(completed, of: total, $0))) left" } ?? ""
    return
      "\(work.label.printable): \(completed)/\(total) \(work.unit), \(percent(completed, of: total))%, \(time)\(left)"
  }

  private func rate(_ completed: Int, _ elapsed: Duration) -> Double? {
    let seconds = elapsed.seconds
    let done = max(0, completed) - min(max(0, completed), work.resumed)
    return done > 0 && seconds > 0 ? Double(done) / seconds : nil
  }

  private func remaining(_ completed: Int, of total: Int, _ rate: Double) -> Duration {
    .seconds((Double(max(0, total - completed)) / rate).clamped(to: 0...1e9))
  }

  private func fraction(_ completed: Int, of total: Int) -> Double {
    total == 0 ? 1 : (Double(completed) / Double(total)).clamped(to: 0...1)
  }

  /// Rounded down, so that 100 means all.
  private func percent(_ completed: Int, of total: Int) -> Int { Int(fraction(completed, of: total) * 100) }

  private static let barColumns = 22

  private func bar(_ fraction: Double, _ style: Style) -> String {
    guard style.usesUnicode else {
      let filled = Int(fraction * 20)
      return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]"
    }
    let eighths = Int(fraction * Double(Self.barColumns * 8))
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let bar = (String(repeating: "█", count: eighths / 8) + part).padded(toColumns: Self.barColumns)
    return style.painted(bar, .series(0))
  }

  /// "9.7 s", "3 min 05 s", "2 h 07 min".
  static func text(_ duration: Duration) -> String {
    let seconds = duration.seconds.clamped(to: 0...1e9)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if seconds < 9.95 { return "\(seconds.fixed(1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
    return "\(whole / 3600) h \(two(whole % 3600 / 60)) min"
  }
}

extension Duration {
  fileprivate var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
