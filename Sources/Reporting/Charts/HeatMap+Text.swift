extension HeatMap {
  /// Lines for a terminal or a plain file, coloured by the statistic shown. On a terminal (`style.width`) texts are cut to a
  /// common width, and columns that do not fit side by side follow below in further panels. Without colour a shade
  /// stands before each text.
  package func text(_ style: Style) -> String {
    var text = heading(style)
    guard !columns.isEmpty, !rows.isEmpty else { return text }
    let nameWidth = min(rows.map { DisplayWidth.of($0.name.printable) }.max() ?? 0, 14)
    let width = cellWidth(style, nameWidth: nameWidth)
    let perPanel = style.width.map { max(1, ($0 - nameWidth) / (width + 1)) } ?? columns.count
    // Panels of one size, rather than a last one with the few that are left over.
    let panels = (columns.count + perPanel - 1) / perPanel
    let size = (columns.count + panels - 1) / panels
    for start in stride(from: 0, to: columns.count, by: size) {
      let places = start..<min(start + size, columns.count)
      text += panel(places, style, nameWidth: nameWidth, cellWidth: width) + "\n"
    }
    return text + legend(style)
  }

  /// Columns of a cell: the widest text with its mark; on a terminal where not all of them fit, at most 12 and at least 8.
  private func cellWidth(_ style: Style, nameWidth: Int) -> Int {
    let extra = (markMeaning.isEmpty ? 0 : 1) + (style.usesColor ? 0 : 2)
    let texts = columns.map(\.printable) + rows.flatMap { $0.cells.map { text($0, shown) } }
    let natural = max(3, texts.map(DisplayWidth.of).max() ?? 0) + extra
    guard let total = style.width else { return natural }
    let fitting = (total - nameWidth) / columns.count - 1
    if natural <= fitting { return natural }
    return max(1, min(natural, max(8 + extra, min(fitting, 12 + extra)), total - nameWidth - 1))
  }

  private func heading(_ style: Style) -> String {
    func line(_ text: String, _ tone: Tone) -> String {
      guard !text.isEmpty else { return "" }
      let text = text.printable
      return style.painted(style.width.map { text.cut(toColumns: $0, mark: style.cutMark) } ?? text, tone) + "\n"
    }
    return line(title, .strong) + line(subtitle, .faint)
  }

  private func panel(
    _ places: Range<Int>, _ style: Style, nameWidth: Int, cellWidth: Int
  ) -> String {
    var lines: [String] = []
    for row in rows.reversed() {
      let name = row.name.printable.cut(toColumns: nameWidth, mark: style.cutMark).padded(
        toColumns: nameWidth, .trailing)
      let cells = places.map { " " + block(row.cells[$0], style, width: cellWidth) }
      lines.append(style.painted(name, .faint) + cells.joined())
    }
    // Above them stands a shade first where there is no colour.
    let shift = style.usesColor ? "" : String(repeating: " ", count: min(2, cellWidth - 1))
    let room = cellWidth - shift.count
    let names = places.map { column in
      " " + shift + columns[column].printable.cut(toColumns: room, mark: style.cutMark).padded(toColumns: room)
    }
    lines.append(String(repeating: " ", count: nameWidth) + style.painted(names.joined(), .strong))
    return lines.map { $0.trimmedEnd + "\n" }.joined()
  }

  private func block(_ cell: Cell, _ style: Style, width: Int) -> String {
    let shownText = text(cell, shown)
    let shade = style.usesColor ? "" : (shownText.isEmpty ? " " : Self.shade(place(cell, shown), style)) + " "
    let mark = cell.isMarked ? Self.mark(style) : markMeaning.isEmpty ? "" : " "
    let room = max(0, width - DisplayWidth.of(shade) - mark.count)
    let text = shade + shownText.cut(toColumns: room, mark: style.cutMark).padded(toColumns: room) + mark
    guard style.usesColor, let number = self.shade(cell, shown) else { return text }
    return style.filled(text, ColorMap.color(shade: number, statistics[shown].palette), isStrong: cell.isMarked)
  }

  private func legend(_ style: Style) -> String {
    let legend = legend(shown)
    func plain(_ text: String) -> String {
      style.usesUnicode ? text : text.replacing("≤", with: "<=").replacing("≥", with: ">=")
    }
    let bar = (0..<16).map { step -> String in
      let place = Double(step) / 15
      return style.usesColor
        ? style.filled(
          " ", ColorMap.color(shade: ColorMap.shade(place), statistics[shown].palette), isStrong: false)
        : Self.shade(place, style)
    }
    let middle = legend.middle.map { " \($0) " } ?? ""
    let name = plain(legend.name).printable
    let (first, last) = (plain(legend.ends.first), plain(legend.ends.last))
    let scale = "\(name) \(first) \(bar[..<8].joined())\(middle)\(bar[8...].joined()) \(last)"
    let notes =
      (markMeaning.isEmpty ? [] : ["\(Self.mark(style)) \(markMeaning)"])
      + (legend.hasMissing && !style.usesColor ? ["? \(Self.missingMeaning)"] : [])
    guard !notes.isEmpty else { return scale + "\n" }
    let mark = notes.joined(separator: "   ")
    let used = DisplayWidth.of(name) + first.count + last.count + middle.count + 19
    let fits = style.width.map { used + 3 + DisplayWidth.of(mark) <= $0 } ?? true
    return scale + (fits ? "   " : "\n") + mark + "\n"
  }

  private static func mark(_ style: Style) -> String { style.usesUnicode ? "•" : "*" }

  private static func shade(_ place: Double?, _ style: Style) -> String {
    guard let place else { return "?" }
    let shades: [String] = style.usesUnicode ? [" ", "░", "▒", "▓", "█"] : [" ", ".", ":", "+", "#"]
    return shades[min(4, Int(place.clamped(to: 0...1) * 5))]
  }
}

extension Style {
  /// `text` on a ground of this colour.
  func filled(_ text: String, _ color: ColorMap.Color, isStrong: Bool) -> String {
    func code(_ layer: Int, _ color: ColorMap.Color) -> String {
      usesTrueColor ? "\(layer);2;\(color.red);\(color.green);\(color.blue)" : "\(layer);5;\(color.paletteIndex)"
    }
    return "\u{1B}[\(isStrong ? "1;" : "")\(code(38, color.ink));\(code(48, color))m\(text)\u{1B}[0m"
  }
}

extension String {
  /// Without spaces at its end.
  var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
