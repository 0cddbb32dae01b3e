import Files

extension HeatMap {
  /// Classes `q0`... and `d0`... of the palettes' colours and their ink, and `qn` of cells without a value.
  package static var pageColors: String {
    let colors = ColorMap.Palette.allCases.flatMap { palette in
      (0..<ColorMap.shades).map { ("\(prefix(palette))\($0)", ColorMap.color(shade: $0, palette)) }
    }
    return (colors + [("qn", ColorMap.missing)]).map { name, color in
      ".\(name){background:\(color.hex);color:\(color.ink.hex)}"
    }.joined() + "\n"
  }

  private static func prefix(_ palette: ColorMap.Palette) -> String { palette == .sequential ? "q" : "d" }

  private func className(_ cell: Cell) -> String {
    let shade = shade(cell, shown).map { Self.prefix(statistics[shown].palette) + "\($0)" }
    return (shade ?? (isMissing(cell, shown) ? "qn" : "blank")) + (cell.isMarked ? " m" : "")
  }

  /// A figure: buttons for the statistics, the cells as a table (the first row at the bottom), and the data from which
  /// the page's script recolours it and shows what stands behind a cell. Without the script it shows its own statistic.
  func markup(caption: String) -> Markup {
    let buttons = statistics.enumerated().map { index, statistic in
      Markup.element(
        "button",
        ["type": "button", "aria-pressed": index == shown ? "true" : "false", "title": statistic.explanation],
        text: statistic.name)
    }
    let choice =
      buttons.count < 2
      ? [] : [Markup.element("div", ["class": "switch", "role": "group", "aria-label": "Colour by"], buttons)]
    let lines = rows.reversed().map { row in
      let cells = row.cells.map { cell in
        Markup.element("td", ["class": className(cell)], text: text(cell, shown))
      }
      return Markup.element("tr", [:], [.element("th", ["scope": "row"], text: row.name.printable)] + cells)
    }
    let foot =
      [Markup.element("td", ["class": "corner"])]
      + columns.map { .element("th", ["scope": "col"], text: $0.printable) }
    let table = Markup.element(
      "table", ["class": "cells", "role": "grid", "aria-label": title.printable],
      [.element("tbody", [:], lines), .element("tfoot", [:], [.element("tr", [:], foot)])])
    let heading = [("title", title), ("soft", subtitle)].filter { !$0.1.isEmpty }.map { name, text in
      Markup.element("p", ["class": name], text: text.printable)
    }
    let captions = caption.isEmpty ? [] : [Markup.element("figcaption", text: caption)]
    return .element(
      "figure", ["class": "heat"],
      heading + choice + [
        legendMarkup, .element("p", ["class": "explanation"], text: statistics[shown].explanation),
        .element("div", ["class": "plane", "tabindex": "-1"], [table]),
      ] + captions + [
        .element("aside", ["class": "behind", "aria-live": "polite", "hidden": "hidden"]),
        .element("script", ["type": "application/json"], [.json(pageData)]),
      ])
  }

  /// All colours of a palette, in a row.
  static func ramp(_ palette: ColorMap.Palette) -> Markup {
    .element(
      "span", ["class": "ramp", "aria-hidden": "true"],
      (0..<ColorMap.shades).map { .element("span", ["class": "\(prefix(palette))\($0)"]) })
  }

  /// As in the SVG: the name, the numbers at both ends of the colours, 0 below a light middle.
  private var legendMarkup: Markup {
    let legend = legend(shown)
    func hidden(_ isHidden: Bool) -> [(String, String)] { isHidden ? [("hidden", "hidden")] : [] }
    return .element(
      "div", ["class": "scale"],
      [
        .element("span", ["class": "name"], text: legend.name),
        .element("span", ["class": "dark"], text: legend.ends.first),
        Self.ramp(statistics[shown].palette),
        .element("span", ["class": "bright"], text: legend.ends.last),
        .element("span", [("class", "middle")] + hidden(legend.middle == nil), [.text("0 in the middle")]),
        .element("span", [("class", "none")] + hidden(!legend.hasMissing), [.text(Self.missingMeaning)]),
      ] + (markMeaning.isEmpty ? [] : [.element("span", ["class": "meaning"], text: markMeaning)]))
  }

  /// For a page that draws the map itself: `pageData` without what stands behind the cells, and the names, from the top
  /// row down.
  package var pageObject: JSON {
    let cells = rows.reversed().flatMap(\.cells)
    guard case .object(let members) = pageData.replacing("entries", with: nil).replacing("labels", with: nil) else {
      return nil
    }
    return .object(
      members.filter { $0.value != .null } + [
        .init("title", .string(title.printable)), .init("subtitle", .string(subtitle.printable)),
        .init("columns", .array(columns.map { .string($0.printable) })),
        .init("rows", .array(rows.reversed().map { .string($0.name.printable) })),
        .init("texts", .array(cells.map { .string(text($0, shown)) })),
        .init("marks", .array(cells.indices.filter { cells[$0].isMarked }.map { .integer($0) })),
      ])
  }

  /// What the script needs, cells from the top row down: every label once, entries as [label, value, label, value...].
  private var pageData: JSON {
    var labels: [String] = []
    var numbers: [String: Int] = [:]
    func number(of label: String) -> Int {
      if let known = numbers[label] { return known }
      labels.append(label.printable)
      numbers[label] = labels.count - 1
      return labels.count - 1
    }
    func rounded(_ value: Double, _ decimals: Int) -> JSON {
      value.isFinite ? .number(Double(value.fixed(decimals)) ?? value) : .null
    }
    let cells = rows.reversed().flatMap(\.cells)
    let entries = cells.map { cell -> JSON in
      .array(cell.entries.flatMap { [.integer(number(of: $0.label)), rounded($0.value, 4)] })
    }
    let described = statistics.enumerated().map { index, statistic -> JSON in
      let legend = legend(index)
      return [
        "name": .string(statistic.name), "explanation": .string(statistic.explanation),
        "legend": .string(legend.name), "dark": .string(legend.ends.first), "bright": .string(legend.ends.last),
        "signed": .bool(statistic.isSigned), "missing": .bool(legend.hasMissing),
        "palette": .string(Self.prefix(statistic.palette)), "decimals": .integer(statistic.decimals),
        // Where every cell has a text of its own, no statistic changes it.
        "texts": cells.contains { $0.label == nil } ? .array(cells.map { .string(text($0, index)) }) : .null,
        "values": .array(cells.map { rounded($0.values[index], statistic.decimals) }),
        "shades": .array(cells.map { shade($0, index).map { .integer($0) } ?? .null }),
      ]
    }
    return [
      "entries": .array(entries), "entryName": .string(entryName), "labels": .array(labels.map { .string($0) }),
      "markMeaning": .string(markMeaning), "shown": .integer(shown), "statistics": .array(described),
    ]
  }
}
