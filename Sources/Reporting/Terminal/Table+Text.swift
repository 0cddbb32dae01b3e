extension [Table] {
  /// One below the other.
  package func text(_ style: Style) -> String { map { $0.text(style) }.joined(separator: "\n") }
}

extension Table {
  /// Lines for a terminal or a plain file, each ending in a newline: caption, titles, a rule, the rows. On a terminal
  /// (`style.width`) cells are cut to make the lines fit: texts before numbers, the widest first, none below one
  /// column; whole columns are not cut, and with one a line runs over rather than that a number is cut. Without a width
  /// nothing is cut.
  package func text(_ style: Style) -> String {
    let titles = columns.map { Cell($0.title.printable, .strong) }
    let cells = rows.map { row in row.map { Cell($0.text.printable, $0.tone) } }
    let widths = fittedWidths(lines: [titles] + cells, total: style.width)
    var text = ""
    if !caption.isEmpty {
      let line = caption.printable
      text += style.painted(style.width.map { line.cut(toColumns: $0, mark: style.cutMark) } ?? line, .strong) + "\n"
    }
    guard !columns.isEmpty else { return text }
    text += line(titles, widths, style)
    let rule = widths.map { String(repeating: style.usesUnicode ? "─" : "-", count: $0) }
    text += style.painted(rule.joined(separator: Self.gap), .faint) + "\n"
    for row in cells { text += line(row, widths, style) }
    return text
  }

  private static let gap = "  "
  /// Below this many columns a cut text says too little: numbers are cut next.
  private static let leastTextWidth = 4

  private func line(_ cells: [Cell], _ widths: [Int], _ style: Style) -> String {
    var parts: [String] = []
    for (index, cell) in cells.enumerated() {
      let text = cell.text.cut(toColumns: widths[index], mark: style.cutMark)
      // Colour goes around the text alone, so that escape sequences never count as columns; the last text of a line
      // takes no padding.
      let space = String(repeating: " ", count: widths[index] - DisplayWidth.of(text))
      let isLast = index == cells.count - 1
      let painted = style.painted(text, cell.tone)
      parts.append(columns[index].alignment == .trailing ? space + painted : painted + (isLast ? "" : space))
    }
    var line = parts.joined(separator: Self.gap)
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }

  private func fittedWidths(lines: [[Cell]], total: Int?) -> [Int] {
    var widths = columns.indices.map { index in lines.map { DisplayWidth.of($0[index].text) }.max() ?? 0 }
    guard let total else { return widths }
    var excess = widths.reduce(0, +) + Self.gap.count * max(0, widths.count - 1) - total
    func shrink(_ candidates: [Int], to least: Int) {
      while excess > 0, let widest = candidates.max(by: { widths[$0] < widths[$1] }), widths[widest] > least {
        widths[widest] -= 1
        excess -= 1
      }
    }
    shrink(
      columns.indices.filter { columns[$0].alignment == .leading && !columns[$0].isWhole }, to: Self.leastTextWidth)
    if !columns.contains(where: \.isWhole) { shrink(Array(columns.indices), to: 1) }
    return widths
  }
}
