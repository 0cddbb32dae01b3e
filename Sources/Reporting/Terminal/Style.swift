/// How text for people is set: how wide the terminal is, and what it can show. The command decides it once; nothing
/// here looks at the environment by itself.
package struct Style: Equatable, Sendable {
  /// Columns of the terminal; nil when the output is no terminal, and then nothing is ever cut.
  package let width: Int?
  /// Whether ANSI colours are written.
  package let usesColor: Bool
  /// Whether colours of pictures may be any of 24 bits, rather than the nearest of 256.
  package let usesTrueColor: Bool
  /// Whether rules, bars and curves may use characters outside ASCII.
  package let usesUnicode: Bool

  package init(width: Int?, usesColor: Bool = false, usesTrueColor: Bool = false, usesUnicode: Bool = true) {
    self.width = width
    self.usesTrueColor = usesTrueColor
    self.usesColor = usesColor
    self.usesUnicode = usesUnicode
  }

  /// For a file or a pipe: no width, no colour.
  package static let plain = Style(width: nil)

  /// What stands for the part that was cut off; one column wide.
  var cutMark: String { usesUnicode ? "…" : "~" }

  /// `text` in the colour of `tone`, or unchanged when colour is off.
  package func painted(_ text: String, _ tone: Tone) -> String {
    guard usesColor, let code = tone.ansiCode, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}

/// What a piece of text is, which decides how it looks on a terminal and on a page.
package enum Tone: Equatable, Sendable {
  case plain, strong, faint, good, bad
  /// The colour of the series with this index in a chart.
  case series(Int)

  /// The parameters of the ANSI sequence; basic colours only, so that the terminal's own theme decides their shade.
  var ansiCode: String? {
    switch self {
    case .plain: return nil
    case .strong: return "1"
    case .faint: return "2"
    case .good: return "32"
    case .bad: return "31"
    case .series(let index): return ["34", "31", "32", "35", "36", "33"][abs(index % 6)]
    }
  }

  var htmlClass: String? {
    switch self {
    case .plain: return nil
    case .strong: return "strong"
    case .faint: return "faint"
    case .good: return "good"
    case .bad: return "bad"
    case .series(let index): return SeriesLook.className(abs(index % SeriesLook.colors.count))
    }
  }
}

/// The user's word on colour (`--color auto|always|never`).
package enum ColorChoice: String, CaseIterable, Sendable {
  case auto, always, never

  /// Whether to write colour. The option wins; then NO_COLOR (any text) turns it off, FORCE_COLOR (any text but 0)
  /// turns it on; then a terminal has colour unless TERM is dumb.
  package func usesColor(environment: [String: String], isTerminal: Bool) -> Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .auto:
      if environment["NO_COLOR", default: ""] != "" { return false }
      if let forced = environment["FORCE_COLOR"], forced != "" { return forced != "0" }
      return isTerminal && environment["TERM"] != "dumb"
    }
  }
}
