extension HeatMap {
  /// The least columns of a terminal that each of several heat maps needs.
  private static let leastWidth = 46

  /// Heat maps side by side on a terminal, one below the other where it is too narrow. They have the same statistics.
  package static func text(_ maps: [HeatMap], _ style: Style) -> String {
    let gap = "   "
    let share = style.width.map { ($0 - gap.count * (maps.count - 1)) / max(1, maps.count) }
    guard maps.count > 1, share.map({ $0 >= leastWidth }) ?? true else {
      return maps.map { $0.text(style) }.joined(separator: "\n")
    }
    let narrow = Style(
      width: share, usesColor: style.usesColor, usesTrueColor: style.usesTrueColor, usesUnicode: style.usesUnicode)
    let blocks = maps.map { map in
      map.text(narrow).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        .map(String.init)
    }
    let height = blocks.map(\.count).max() ?? 0
    let widths = blocks.map { $0.map(visibleWidth).max() ?? 0 }
    return (0..<height).map { line in
      var text = ""
      for (block, width) in zip(blocks, widths).dropLast() {
        let part = line < block.count ? block[line] : ""
        text += part + String(repeating: " ", count: width - visibleWidth(part)) + gap
      }
      return (text + (blocks.last.map { line < $0.count ? $0[line] : "" } ?? "")).trimmedEnd + "\n"
    }.joined()
  }

  /// Columns without the sequences that colour them.
  private static func visibleWidth(_ line: String) -> Int {
    DisplayWidth.of(line.replacing(/\u{1B}\[[0-9;]*m/, with: ""))
  }
}
