import Files

/// The tables of docs/settings.md.
public struct SettingsPage {
  public struct Row: Equatable {
    public let key: String
    public let treatment: String

    public init(key: String, treatment: String) {
      self.key = key
      self.treatment = treatment
    }
  }

  private let lines: [Substring]

  public init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The rows of the table in one section, in their order; none where there is no such section.
  public func rows(of section: String) -> [Row] {
    let inside = lines.drop { $0 != "## " + section }.dropFirst().prefix { !$0.hasPrefix("## ") }
    return inside.filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|").map { $0.trimmed }
      return Row(key: cells[0].filter { $0 != "`" }, treatment: cells[1].filter { $0 != "`" })
    }
  }
}

extension SettingsKeys.Treatment {
  /// What the page calls it.
  public var title: String {
    switch self {
    case .honoured: return "honoured"
    case .harmless: return "harmless"
    case .refused(let values):
      return values.isEmpty ? "refused" : "refused unless " + values.map { $0.serialized() }.joined(separator: " or ")
    }
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var rest = drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
