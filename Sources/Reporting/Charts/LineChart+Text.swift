extension LineChart {
  /// The chart in characters, as wide as the terminal (at most 110 columns; 80 without one) and `height` rows of plot.
  /// A point is its series' capital letter; points that share a place stand side by side, left to right. Reference
  /// lines carry small letters. It reads without colour; intervals are left to the table beside it.
  package func text(_ style: Style, height: Int = 18) -> String {
    let width = min(style.width ?? 80, 110)
    var lines = title.printable.wrapped(toColumns: width).map { ($0, Tone.strong) }
    if !subtitle.isEmpty { lines += subtitle.printable.wrapped(toColumns: width).map { ($0, Tone.faint) } }
    lines.append(("", .plain))
    lines.append((yTitle.printable, .faint))
    var text = lines.map { style.painted($0.cut(toColumns: width, mark: style.cutMark), $1) + "\n" }.joined()
    text += plot(style, width: width, rows: max(4, height))
    text += legend(style, width: width)
    return text
  }

  private static func letter(_ index: Int, from first: UInt8) -> Character {
    Character(Unicode.Scalar(first + UInt8(index % 26)))
  }

  private static func seriesLetter(_ index: Int) -> Character { letter(index, from: UInt8(ascii: "A")) }
  private static func referenceLetter(_ index: Int) -> Character { letter(index, from: UInt8(ascii: "a")) }

  /// A row of the plot for each tick label and reference letter that stands beside it.
  private func plot(_ style: Style, width: Int, rows: Int) -> String {
    let (xScale, yScale) = (xScale(), yScale)
    let labels = yScale.ticks.map { yScale.label($0) }
    let gutter = labels.map(DisplayWidth.of).max() ?? 0
    func y(_ value: Double) -> Double { (1 - yScale.fraction(value)) * Double(rows - 1) + 0.5 }
    let marks = Dictionary(grouping: references.indices) { Int(y(references[$0].y)) }
    let columns = max(1, width - gutter - 2 - (marks.values.map { $0.count + 1 }.max() ?? 0))
    // Room at both ends for letters that stand side by side.
    let inset = min(Double(columns) / 8, Double(series.count) / 2 + 1)
    func x(_ value: Double) -> Double { inset + xScale.fraction(value) * (Double(columns - 1) - 2 * inset) + 0.5 }

    var canvas = TextCanvas(columns: columns, rows: rows, style: style)
    for reference in references {
      for column in stride(from: 0, to: columns, by: style.usesUnicode ? 1 : 2) {
        canvas.put(style.usesUnicode ? "╌" : "-", column: column, row: Int(y(reference.y)), .faint)
      }
    }
    for (index, series) in series.enumerated() {
      for run in series.points.split(whereSeparator: { !$0.isPlottable }) {
        for (start, end) in zip(run, run.dropFirst()) {
          canvas.line(from: (x(start.x), y(start.y)), to: (x(end.x), y(end.y)), .series(index))
        }
      }
    }
    for (place, indices) in sharedPlaces(x: { Int(x($0)) }, y: { Int(y($0)) }) {
      for (offset, index) in indices.enumerated() {
        let column = place.column + offset - (indices.count - 1) / 2
        canvas.put(Self.seriesLetter(index), column: column, row: place.row, .series(index))
      }
    }

    let axis =
      style.usesUnicode
      ? (side: "┤", plain: "│", cut: "≈", corner: "└", tick: "┴", foot: "─")
      : (
        side: "+", plain: "|", cut: "=", corner: "+", tick: "+", foot: "-"
      )
    var text = ""
    for row in 0..<rows {
      let tick = zip(yScale.ticks, labels).first { Int(y($0.0)) == row }
      let isFoot = yScale.isCut && row == rows - 2
      let side = tick != nil ? axis.side : isFoot ? axis.cut : axis.plain
      var line = (tick?.1 ?? "").padded(toColumns: gutter, .trailing) + " " + style.painted(side, .faint)
      line += canvas.text(row: row)
      if let marks = marks[row] { line += " " + String(marks.map(Self.referenceLetter)) }
      text += line + "\n"
    }
    let tickColumns = xScale.ticks.map { (column: Int(x($0)), label: xScale.label($0)) }
    let foot = (0..<columns).map { column in tickColumns.contains { $0.column == column } ? axis.tick : axis.foot }
    let indent = String(repeating: " ", count: gutter + 1)
    text += indent + style.painted(axis.corner + foot.joined(), .faint) + "\n"
    text += indent + " " + Self.placed(tickColumns) + "\n"
    let title = xTitle.printable.cut(toColumns: columns, mark: style.cutMark)
    let before = max(0, (columns - DisplayWidth.of(title)) / 2)
    return text + indent + String(repeating: " ", count: before + 1) + style.painted(title, .faint) + "\n"
  }

  /// The series that have a point in a cell, cell by cell from the upper left.
  private func sharedPlaces(
    x: (Double) -> Int, y: (Double) -> Int
  ) -> [(place: (column: Int, row: Int), indices: [Int])] {
    let points = series.enumerated().flatMap { index, series in
      series.points.filter(\.isPlottable).map { (row: y($0.y), column: x($0.x), index: index) }
    }
    return points.sorted { ($0.row, $0.column, $0.index) < ($1.row, $1.column, $1.index) }.reduce(into: []) {
      if let last = $0.last, last.place == ($1.column, $1.row) {
        $0[$0.count - 1].indices.append($1.index)
      } else {
        $0.append((($1.column, $1.row), [$1.index]))
      }
    }
  }

  /// Labels centred under their columns; one that would touch the label before it is left out.
  private static func placed(_ labels: [(column: Int, label: String)]) -> String {
    var text = ""
    for (column, label) in labels {
      let start = max(0, column - DisplayWidth.of(label) / 2)
      guard text.isEmpty || start > DisplayWidth.of(text) else { continue }
      text = text.padded(toColumns: start) + label
    }
    return text
  }

  private func legend(_ style: Style, width: Int) -> String {
    let items =
      series.enumerated().map { (letter: Self.seriesLetter($0), text: $1.name, tone: Tone.series($0)) }
      + references.enumerated().map {
        (letter: Self.referenceLetter($0), text: "\($1.name) \($1.y.fixed(3))", tone: Tone.faint)
      }
    var text = ""
    var used = 0
    for item in items {
      let name = item.text.printable.cut(toColumns: max(1, width - 4), mark: style.cutMark)
      let columns = DisplayWidth.of(name) + 2
      if used > 0, used + 3 + columns > width {
        text += "\n"
        used = 0
      }
      text += (used == 0 ? "" : "   ") + style.painted(String(item.letter), item.tone) + " " + name
      used += columns + (used == 0 ? 0 : 3)
    }
    return items.isEmpty ? "no points\n" : text + "\n"
  }
}
