extension Table {
  /// The table in GitHub's Markdown, padded so that it also reads well as plain text; the caption becomes a bold line
  /// above. Whatever Markdown would take for markup is escaped.
  package var markdown: String {
    let titles = columns.map { Self.escaped($0.title) }
    let cells = rows.map { $0.map { $0.tone == .strong ? "**\(Self.escaped($0.text))**" : Self.escaped($0.text) } }
    let widths = columns.indices.map { index in
      ([titles] + cells).reduce(3) { max($0, DisplayWidth.of($1[index])) }
    }
    func line(_ texts: [String]) -> String {
      let padded = texts.enumerated().map { $1.padded(toColumns: widths[$0], columns[$0].alignment) }
      return "| " + padded.joined(separator: " | ") + " |\n"
    }
    var text = caption.isEmpty ? "" : "**\(Self.escaped(caption))**\n\n"
    guard !columns.isEmpty else { return text }
    text += line(titles)
    text += line(
      columns.enumerated().map { index, column in
        let dashes = String(repeating: "-", count: widths[index] - 1)
        return column.alignment == .trailing ? dashes + ":" : dashes + "-"
      })
    for row in cells { text += line(row) }
    return text
  }

  /// Backslashes before what could be markup; a line break, which would end the row, becomes a space.
  private static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "|", "*", "_", "`", "<", "&", "[", "]", "~", "$": result.append(contentsOf: ["\\", scalar])
      case "\n", "\r": result.append(" ")
      default: result.append(scalar)
      }
    }
    return String(result).printable
  }
}
