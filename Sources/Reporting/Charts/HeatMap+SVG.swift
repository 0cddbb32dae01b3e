/// Heat maps side by side as one picture.
package struct HeatMapRows: Figure {
  package let maps: [HeatMap]
  /// How many, before the next ones follow below.
  private let perRow: Int

  /// - Precondition: at least one map.
  package init(_ maps: [HeatMap], perRow: Int = .max) {
    precondition(!maps.isEmpty, "a picture without a heat map")
    (self.maps, self.perRow) = (maps, min(perRow, maps.count))
  }

  package func svg(width: Double? = nil) -> String { HeatMap.svg(maps, perRow: perRow, width: width) }

  /// Their cells stand at one height, however long the headings are.
  package func panels(width: Double? = nil) -> [String] {
    maps.map { HeatMap.svg([$0], width: width, besides: maps) }
  }
}

extension HeatMap: Figure {
  /// The heat map as SVG: the same bytes for the same heat map. Every cell has a tooltip; nothing outside is referred to.
  /// - Parameter width: how wide it is at least, in units; nil for the usual width.
  package func svg(width: Double? = nil) -> String { Self.svg([self], width: width) }

  /// - Parameters:
  ///   - least: as above.
  ///   - others: maps of other pictures whose cells stand at the same height.
  fileprivate static func svg(
    _ maps: [HeatMap], perRow: Int = .max, width least: Double? = nil, besides others: [HeatMap] = []
  ) -> String {
    let perRow = max(1, min(perRow, maps.count))
    let leastWidth = least.map { $0 / Double(perRow) } ?? usualWidth
    var (width, height) = (0.0, 0.0)
    var pictures: [[Markup]] = []
    for start in stride(from: 0, to: maps.count, by: perRow) {
      let row = maps[start..<min(start + perRow, maps.count)]
      // Cells of one row stand at one height, however long the headings are.
      let headingHeight = (row + others).map { $0.headingHeight(leastWidth) }.max() ?? 0
      var (x, tallest) = (0.0, 0.0)
      for map in row {
        let picture = map.picture(headingHeight: headingHeight, leastWidth: leastWidth)
        let place = height == 0 ? "\(x.fixed(0)) 0" : "\(x.fixed(0)) \(height.fixed(0))"
        let part = Markup.element("g", ["transform": "translate(\(place))"], picture.parts)
        pictures.append(maps.count == 1 ? picture.parts : [part])
        (x, tallest) = (x + picture.width, max(tallest, picture.height))
      }
      (width, height) = (max(width, x), height + tallest)
    }
    let markup = Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "role": "img", "viewBox": "0 0 \(width.fixed(0)) \(height.fixed(0))",
        "width": width.fixed(0), "height": height.fixed(0),
        "font-family": ChartFont.sans,
        "font-size": "11", "fill": "#1b1f24",
      ],
      [
        .element("style", text: ".mono{font-family:\(ChartFont.mono)}"),
        .element("title", text: maps.map(\.title.printable).joined(separator: " | ")),
        .element("desc", text: maps.map(\.summary).joined(separator: " ")),
        .element("rect", ["width": "100%", "height": "100%", "fill": "#ffffff"]),
      ] + pictures.flatMap { $0 })
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + markup.rendered
  }

  private static let margin = 16.0
  private static let usualWidth = 460.0
  private static let cellHeight = 24.0
  /// An estimate for one column of 11-unit text in a common monospaced face.
  private static let letterWidth = 6.7

  /// Letters a cell shows.
  private var letters: Int {
    let widest =
      (columns + rows.flatMap { $0.cells.map { text($0, shown) } }).map { DisplayWidth.of($0.printable) }.max() ?? 0
    return min(max(widest, 4), 12)
  }

  private var cellWidth: Double { Double(letters) * Self.letterWidth + 14 }

  /// Where the cells begin.
  private var left: Double {
    Self.margin + Double(rows.map { DisplayWidth.of($0.name.printable) }.max() ?? 0) * Self.letterWidth + 10
  }

  private func width(_ least: Double) -> Double {
    let legend = legend(shown)
    let letters = DisplayWidth.of("\(legend.name)  \(legend.ends.first)") + DisplayWidth.of(legend.ends.last)
    let legendWidth = Double(letters) * 6.6 + Double(ColorMap.shades) * 4 + 6 + 2 * Self.margin
    return max(least, left + Double(columns.count) * cellWidth + Self.margin, legendWidth)
  }

  private func titleLines(_ width: Double) -> [String] {
    title.printable.wrapped(toColumns: Int((width - 2 * Self.margin) / 9.4))
  }

  private func subtitleLines(_ width: Double) -> [String] {
    subtitle.isEmpty ? [] : subtitle.printable.wrapped(toColumns: Int((width - 2 * Self.margin) / 6.4))
  }

  private func headingHeight(_ leastWidth: Double) -> Double {
    let width = width(leastWidth)
    return Double(titleLines(width).count) * 20 + Double(subtitleLines(width).count) * 17
  }

  private func picture(
    headingHeight: Double, leastWidth: Double
  ) -> (parts: [Markup], width: Double, height: Double) {
    let (letters, cellWidth, left, width) = (letters, cellWidth, left, width(leastWidth))
    let top = Self.margin + headingHeight + (yTitle.isEmpty ? 14 : 26)
    let bottom = top + Double(rows.count) * Self.cellHeight
    let foot = bottom + (xTitle.isEmpty ? 0 : 18)
    let height = foot + 94

    var parts: [Markup] = []
    var y = Self.margin
    for line in titleLines(width) {
      y += 20
      parts.append(Self.label(line, x: Self.margin, y: y, ["font-size": "16", "font-weight": "600"]))
    }
    for line in subtitleLines(width) {
      y += 17
      parts.append(Self.label(line, x: Self.margin, y: y, ["font-size": "12", "fill-opacity": "0.75"]))
    }
    for (level, row) in rows.enumerated() {
      let y = bottom - Double(level + 1) * Self.cellHeight
      parts.append(Self.label(row.name.printable, x: left - 8, y: y + 16, ["text-anchor": "end", "class": "mono"]))
      for (column, cell) in row.cells.enumerated() {
        parts.append(
          block(
            cell, named: "\(row.name), \(columns[column])", x: left + Double(column) * cellWidth, y: y,
            width: cellWidth, letters: letters))
      }
    }
    for (column, name) in columns.enumerated() {
      let x = left + (Double(column) + 0.5) * cellWidth
      let text = name.printable.cut(toColumns: letters, mark: "…")
      parts.append(
        Self.label(text, x: x, y: bottom + 18, ["text-anchor": "middle", "class": "mono", "font-weight": "600"]))
    }
    if !yTitle.isEmpty {
      parts.append(Self.label(yTitle, x: Self.margin, y: top - 7, ["class": "y-title", "font-weight": "600"]))
    }
    if !xTitle.isEmpty {
      parts.append(
        Self.label(
          xTitle, x: left + Double(columns.count) / 2 * cellWidth, y: bottom + 36,
          ["class": "x-title", "text-anchor": "middle", "font-weight": "600"]))
    }
    parts.append(legend(x: Self.margin, y: foot + 42))
    return (parts, width, height)
  }

  private func block(
    _ cell: Cell, named name: String, x: Double, y: Double, width: Double, letters: Int
  ) -> Markup {
    let shade = shade(cell, shown).map { ColorMap.color(shade: $0, statistics[shown].palette) }
    let color = shade ?? (isMissing(cell, shown) ? ColorMap.missing : nil)
    var parts: [Markup] = [
      .element("title", text: tooltip(cell, named: name)),
      .element(
        "rect",
        [
          "x": (x + 0.5).fixed(1), "y": (y + 0.5).fixed(1), "width": (width - 1).fixed(1),
          "height": (Self.cellHeight - 1).fixed(1), "fill": color?.hex ?? "none",
        ]),
    ]
    let ink = color?.ink.hex ?? "#1b1f24"
    let text = text(cell, shown).cut(toColumns: letters, mark: "…")
    if !text.isEmpty {
      parts.append(
        Self.label(
          text, x: x + width / 2, y: y + 16,
          ["text-anchor": "middle", "class": "mono", "fill": ink, "font-weight": cell.isMarked ? "700" : "400"]))
    }
    if cell.isMarked {
      // A corner in the colour of the text: it needs no font and covers no letter.
      let (right, top) = (x + width - 0.5, y + 0.5)
      parts.append(
        .element(
          "path",
          [
            "d": "M\(right.fixed(1)) \(top.fixed(1))h-8l8 8Z", "fill": ink,
          ]))
    }
    return .element("g", [:], parts)
  }

  private func legend(x: Double, y: Double) -> Markup {
    let legend = legend(shown)
    let before = "\(legend.name)  \(legend.ends.first)"
    let start = x + Double(DisplayWidth.of(before)) * 6.6
    let end = start + Double(ColorMap.shades) * 4
    var parts = [Self.label(before, x: start - 6, y: y + 11, ["text-anchor": "end"])]
    for shade in 0..<ColorMap.shades {
      parts.append(
        .element(
          "rect",
          [
            "x": (start + Double(shade) * 4).fixed(1), "y": y.fixed(1), "width": "4.2", "height": "14",
            "fill": ColorMap.color(shade: shade, statistics[shown].palette).hex,
          ]))
    }
    parts.append(Self.label(legend.ends.last, x: end + 6, y: y + 11))
    if let middle = legend.middle {
      parts.append(Self.label(middle, x: (start + end) / 2, y: y + 25, ["text-anchor": "middle"]))
    }
    let notes =
      (markMeaning.isEmpty ? [] : [(false, markMeaning)]) + (legend.hasMissing ? [(true, Self.missingMeaning)] : [])
    var left = x
    for (isMissing, text) in notes {
      parts.append(
        isMissing
          ? .element(
            "rect",
            ["x": left.fixed(1), "y": (y + 30).fixed(1), "width": "10", "height": "10", "fill": ColorMap.missing.hex])
          : .element("path", ["d": "M\((left + 9).fixed(1)) \((y + 31).fixed(1))h-8l8 8Z"]))
      parts.append(Self.label(text, x: left + 15, y: y + 40))
      left += 15 + Double(DisplayWidth.of(text)) * 6.6 + 20
    }
    return .element("g", ["class": "legend"], parts)
  }

  private static func label(
    _ text: String, x: Double, y: Double, _ attributes: KeyValuePairs<String, String> = [:]
  ) -> Markup {
    .element(
      "text", [("x", x.fixed(1)), ("y", y.fixed(1))] + attributes.map { ($0.key, $0.value) }, [.text(text)])
  }

  /// All that is known about a cell, a line each.
  func tooltip(_ cell: Cell, named name: String) -> String {
    let values = zip(statistics, cell.values).map { "\($0.name) \($1.fixed($0.decimals))" }
    let entries = cell.entries.map { "\($0.label)  \($0.value.fixed(4))" }
    return ([name.printable + (cell.isMarked ? " (\(markMeaning))" : "")] + values + entries).joined(separator: "\n")
  }

  /// What the picture shows, for those who cannot see it: the top row's texts and the way down.
  var summary: String {
    let lines = rows.reversed().map { row in
      "\(row.name): \(row.cells.map { text($0, shown) }.joined(separator: " | "))."
    }
    return (["Columns: \(columns.joined(separator: " | "))."] + lines).joined(separator: " ").printable
  }
}
