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
  /// - Parameter width: how wide it should be, in units; nil for the usual width.
  package func svg(width: Double? = nil) -> String { Self.svg([self], width: width) }

  /// - Parameters:
  ///   - least: as above.
  ///   - others: maps of other pictures whose cells stand at the same height.
  fileprivate static func svg(
    _ maps: [HeatMap], perRow: Int = .max, width least: Double? = nil, besides others: [HeatMap] = []
  ) -> String {
    let perRow = max(1, min(perRow, maps.count))
    let share = least.map { $0 / Double(perRow) }
    var (width, height) = (0.0, 0.0)
    var pictures: [[Markup]] = []
    for start in stride(from: 0, to: maps.count, by: perRow) {
      let row = maps[start..<min(start + perRow, maps.count)]
      // Cells of one row stand at one height, however long the headings are.
      let headingHeight = (row + others).map { HeatMapLayout($0, width: share).headingHeight }.max() ?? 0
      var (x, tallest) = (0.0, 0.0)
      for map in row {
        let picture = map.picture(HeatMapLayout(map, width: share), headingHeight: headingHeight)
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

  private func picture(
    _ layout: HeatMapLayout, headingHeight: Double
  ) -> (parts: [Markup], width: Double, height: Double) {
    let (margin, left, cellWidth, cellHeight) = (
      HeatMapLayout.margin, layout.left, layout.cellWidth, layout.cellHeight
    )
    let top = margin + headingHeight + (yTitle.isEmpty ? 14 : 26)
    let bottom = top + Double(rows.count) * cellHeight
    let namesEnd = bottom + layout.namesHeight
    let foot = namesEnd - 18 + (xTitle.isEmpty ? 0 : 18)
    let height = foot + 94

    var parts: [Markup] = []
    var y = margin
    for line in layout.titleLines {
      y += 20
      parts.append(Self.label(line, x: margin, y: y, ["font-size": "16", "font-weight": "600"]))
    }
    for line in layout.subtitleLines {
      y += 17
      parts.append(Self.label(line, x: margin, y: y, ["font-size": "12", "fill-opacity": "0.75"]))
    }
    for (level, row) in rows.enumerated() {
      let y = bottom - Double(level + 1) * cellHeight
      parts.append(
        Self.label(
          row.name.printable.cut(toColumns: layout.rowLetters, mark: "…"), x: left - 8, y: y + cellHeight / 2 + 4,
          ["text-anchor": "end", "class": "mono"]))
      for (column, cell) in row.cells.enumerated() {
        parts.append(
          block(
            cell, named: "\(row.name), \(columns[column])", x: left + Double(column) * cellWidth, y: y,
            layout))
      }
    }
    for (column, name) in columns.enumerated() where column % layout.columnStep == 0 {
      parts.append(
        Self.name(
          name.printable.cut(toColumns: layout.columnLetters, mark: "…"), x: left + (Double(column) + 0.5) * cellWidth,
          below: bottom, isUpright: layout.namesAreUpright))
    }
    if !yTitle.isEmpty {
      parts.append(Self.label(yTitle, x: margin, y: top - 7, ["class": "y-title", "font-weight": "600"]))
    }
    if !xTitle.isEmpty {
      parts.append(
        Self.label(
          xTitle, x: left + Double(columns.count) / 2 * cellWidth, y: namesEnd + 18,
          ["class": "x-title", "text-anchor": "middle", "font-weight": "600"]))
    }
    parts.append(legend(x: margin, y: foot + 42))
    return (parts, layout.width, height)
  }

  /// A column's name; an upright one is read from below.
  private static func name(_ text: String, x: Double, below bottom: Double, isUpright: Bool) -> Markup {
    guard isUpright else {
      return label(text, x: x, y: bottom + 18, ["text-anchor": "middle", "class": "mono", "font-weight": "600"])
    }
    let (x, y) = (x + 4, bottom + 6)
    return label(
      text, x: x, y: y,
      [
        "text-anchor": "end", "class": "mono", "font-weight": "600",
        "transform": "rotate(-90 \(x.fixed(1)) \(y.fixed(1)))",
      ])
  }

  private func block(
    _ cell: Cell, named name: String, x: Double, y: Double, _ layout: HeatMapLayout
  ) -> Markup {
    let (width, height) = (layout.cellWidth, layout.cellHeight)
    let shade = shade(cell, shown).map { ColorMap.color(shade: $0, statistics[shown].palette) }
    let color = shade ?? (isMissing(cell, shown) ? ColorMap.missing : nil)
    var parts: [Markup] = [
      .element("title", text: tooltip(cell, named: name)),
      .element(
        "rect",
        [
          "x": (x + 0.5).fixed(1), "y": (y + 0.5).fixed(1), "width": (width - 1).fixed(1),
          "height": (height - 1).fixed(1), "fill": color?.hex ?? "none",
        ]),
    ]
    let ink = color?.ink.hex ?? "#1b1f24"
    let text = layout.letters == 0 ? "" : text(cell, shown).cut(toColumns: layout.letters, mark: "…")
    if !text.isEmpty {
      parts.append(
        Self.label(
          text, x: x + width / 2, y: y + height / 2 + 4,
          ["text-anchor": "middle", "class": "mono", "fill": ink, "font-weight": cell.isMarked ? "700" : "400"]))
    }
    if cell.isMarked {
      // A corner in the colour of the text: it needs no font and covers no letter.
      let (right, top, size) = (x + width - 0.5, y + 0.5, min(8, width / 2).fixed(0))
      parts.append(
        .element(
          "path",
          [
            "d": "M\(right.fixed(1)) \(top.fixed(1))h-\(size)l\(size) \(size)Z", "fill": ink,
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
