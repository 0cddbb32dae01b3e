extension LineChart: Figure {
  /// Where an SVG is shown. A stand-alone file brings its own white background; inside a page it takes the page's text
  /// colour, and so follows its dark mode.
  package enum Placement: Sendable { case standAlone, inline }

  /// The chart as SVG, 760 units wide unless another width is given: the same bytes for the same chart. It has a title and a description that lists
  /// every value, a tooltip a point, and refers to nothing outside.
  package func svg(_ placement: Placement = .standAlone, width: Double? = nil) -> String {
    let declaration = placement == .standAlone ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : ""
    return declaration + markup(placement, width: width).rendered
  }

  package func svg(width: Double?) -> String { svg(.standAlone, width: width) }

  func markup(_ placement: Placement, width: Double? = nil) -> Markup {
    let layout = ChartLayout(self, width: width)
    var children: [Markup] = [.element("title", text: title), .element("desc", text: summary)]
    if placement == .standAlone {
      children.append(.element("rect", ["width": "100%", "height": "100%", "fill": "#ffffff"]))
    }
    children += [heading(layout), axes(layout)]
    children += references.isEmpty ? [] : [referenceLines(layout)]
    children += series.indices.map { band($0, layout) } + series.indices.map { curve($0, layout) }
    if layout.isEmpty {
      let x = (layout.left + layout.right) / 2, y = (layout.top + layout.bottom) / 2
      children.append(Self.label("no points", x: x, y: y, ["text-anchor": "middle", "fill-opacity": "0.6"]))
    }
    children.append(legend(layout))
    // Inside a page the text beside the chart sets the margins.
    let edge = placement == .standAlone ? 0 : ChartLayout.margin
    let width = layout.width - 2 * edge
    return .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": "img",
        "viewBox": "\(edge.fixed(0)) 0 \(width.fixed(0)) \(layout.height.fixed(0))",
        "width": width.fixed(0), "height": layout.height.fixed(0),
        "font-family": ChartFont.sans,
        "font-size": "12", "color": placement == .standAlone ? "#1b1f24" : "currentColor", "fill": "currentColor",
      ], children)
  }

  private static func label(
    _ text: String, x: Double, y: Double, _ attributes: KeyValuePairs<String, String> = [:]
  ) -> Markup {
    let place = [("x", x.fixed(2)), ("y", y.fixed(2))]
    return .element("text", place + attributes.map { ($0.key, $0.value) }, [.text(text)])
  }

  private static func stroke(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ attributes: KeyValuePairs<String, String> = [:]
  ) -> Markup {
    let place = [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)].map { ($0.0, $0.1.fixed(2)) }
    return .element("line", place + [("stroke", "currentColor")] + attributes.map { ($0.key, $0.value) }, [])
  }

  private func heading(_ layout: ChartLayout) -> Markup {
    var lines: [Markup] = []
    var y = ChartLayout.margin
    for line in layout.titleLines {
      y += 20
      lines.append(Self.label(line, x: ChartLayout.margin, y: y, ["font-size": "16", "font-weight": "600"]))
    }
    for line in layout.subtitleLines {
      y += 17
      lines.append(Self.label(line, x: ChartLayout.margin, y: y, ["fill-opacity": "0.75"]))
    }
    return .element("g", ["class": "heading"], lines)
  }

  private func axes(_ layout: ChartLayout) -> Markup {
    var marks: [Markup] = []
    for tick in layout.yScale.ticks {
      let y = layout.y(tick)
      marks.append(Self.stroke(layout.left, y, layout.right, y, ["stroke-opacity": "0.13"]))
      marks.append(Self.label(layout.yScale.label(tick), x: layout.left - 8, y: y + 4, ["text-anchor": "end"]))
    }
    for tick in layout.xScale.ticks {
      let x = layout.x(tick)
      marks.append(Self.stroke(x, layout.bottom, x, layout.bottom + 5))
      marks.append(Self.label(layout.xScale.label(tick), x: x, y: layout.bottom + 19, ["text-anchor": "middle"]))
    }
    marks.append(Self.stroke(layout.left, layout.bottom, layout.right, layout.bottom))
    if layout.yScale.isCut {
      // The usual sign for an axis that leaves out a part: two short slanted strokes across its foot.
      for offset in [6.0, 11.0] {
        let y = layout.bottom - offset
        marks.append(Self.stroke(layout.left - 5, y + 2.5, layout.left + 5, y - 2.5, ["class": "cut"]))
      }
      marks.append(Self.stroke(layout.left, layout.bottom - 11, layout.left, layout.top))
    } else {
      marks.append(Self.stroke(layout.left, layout.bottom, layout.left, layout.top))
    }
    marks.append(
      Self.label(yTitle, x: ChartLayout.margin, y: layout.top - 12, ["class": "y-title", "font-weight": "600"]))
    marks.append(
      Self.label(
        xTitle, x: (layout.left + layout.right) / 2, y: layout.bottom + 39,
        ["class": "x-title", "text-anchor": "middle", "font-weight": "600"]))
    return .element("g", ["class": "axes"], marks)
  }

  private func referenceLines(_ layout: ChartLayout) -> Markup {
    var marks: [Markup] = []
    for label in layout.referenceLabels {
      let y = layout.y(label.y)
      marks.append(Self.stroke(layout.left, y, layout.right, y, ["stroke-dasharray": "5 4", "stroke-opacity": "0.7"]))
      // A label that had to make room for another is tied to its line.
      let centre = label.top + Double(label.lines.count) * ChartLayout.labelHeight / 2
      marks.append(Self.stroke(layout.right, y, layout.right + 7, centre, ["stroke-opacity": "0.5"]))
      for (row, line) in label.lines.enumerated() {
        marks.append(Self.label(line, x: layout.right + 11, y: label.top + Double(row) * ChartLayout.labelHeight + 11))
      }
    }
    return .element("g", ["class": "references"], marks)
  }

  private func band(_ index: Int, _ layout: ChartLayout) -> Markup {
    let paths = layout.bands(index).map { run in
      let outline = run.map { ($0.x, $0.interval.upperBound) } + run.reversed().map { ($0.x, $0.interval.lowerBound) }
      let corners = outline.map { "\(layout.x($0.0).fixed(2)) \(layout.y($0.1).fixed(2))" }
      return Markup.element("path", ["d": "M" + corners.joined(separator: "L") + "Z"])
    }
    return group(index, "band", paths)
  }

  private func curve(_ index: Int, _ layout: ChartLayout) -> Markup {
    var marks: [Markup] = []
    for run in layout.runs(index) where run.count > 1 {
      let corners = run.map { "\(layout.x($0.x).fixed(2)) \(layout.y($0.y).fixed(2))" }
      let path = "M" + corners.joined(separator: "L")
      marks.append(
        .element(
          "path",
          [
            "class": "line", "d": path, "fill": "none", "stroke-width": "2", "stroke-linejoin": "round",
            "stroke-dasharray": SeriesLook.dash(index),
          ]))
    }
    // A point that no band reaches shows its interval as a bar.
    let shaded = layout.bands(index).flatMap { $0.map(\.x) }
    for point in series[index].points where point.isPlottable {
      marks.append(mark(point, index, hasBar: !shaded.contains(point.x), layout))
    }
    return group(index, "series", marks)
  }

  /// Elements in the colour of a series, which a page's style sheet may replace by class.
  private func group(_ index: Int, _ kind: String, _ children: [Markup]) -> Markup {
    let style = kind == "band" ? [("fill-opacity", "0.16")] : [("stroke", "currentColor")]
    let attributes = [("class", "\(kind) \(SeriesLook.className(index))"), ("color", SeriesLook.color(index))]
    return .element("g", attributes + [("fill", "currentColor")] + style, children)
  }

  /// A point's bar and marker, with the tooltip on an area larger than either.
  private func mark(_ point: Point, _ index: Int, hasBar: Bool, _ layout: ChartLayout) -> Markup {
    let x = layout.x(point.x), y = layout.y(point.y)
    let note = point.note.isEmpty ? "" : ", \(point.note)"
    let tip = "\(series[index].name), \(xAxis.title) \(point.x.shortest): \(point.valueText)\(note)"
    var marks: [Markup] = [.element("title", text: tip)]
    if let interval = point.interval, hasBar {
      let low = layout.y(interval.lowerBound), high = layout.y(interval.upperBound)
      let path = "M\(x.fixed(2)) \(low.fixed(2))V\(high.fixed(2))"
      // Bars at one x lie on each other: their caps are of different widths, so that each end can be told.
      let cap = 3 + 2 * Double(index % 8)
      let (left, width) = ((x - cap).fixed(2), (2 * cap).fixed(0))
      let caps = "M\(left) \(low.fixed(2))h\(width)M\(left) \(high.fixed(2))h\(width)"
      marks.append(.element("path", ["class": "bar", "d": path + caps, "stroke-width": "1.25"]))
    }
    let target: KeyValuePairs = [
      "class": "target", "d": SeriesLook.marker(0, x: x, y: y, r: 9), "fill": "none", "stroke": "none",
      "pointer-events": "all",
    ]
    marks.append(.element("path", target))
    marks.append(
      .element("path", ["class": "marker", "d": SeriesLook.marker(index, x: x, y: y), "stroke-width": "0.5"]))
    return .element("g", ["class": "point"], marks)
  }

  private func legend(_ layout: ChartLayout) -> Markup {
    var marks: [Markup] = []
    for item in layout.legendItems {
      let y = item.y - 4
      let path = "M\(item.x.fixed(2)) \(y.fixed(2))h30"
      marks.append(
        group(
          item.index, "key",
          [
            .element(
              "path",
              ["d": path, "fill": "none", "stroke-width": "2", "stroke-dasharray": SeriesLook.dash(item.index)]),
            .element(
              "path", ["d": SeriesLook.marker(item.index, x: item.x + 15, y: y), "stroke-width": "0.5"]),
          ]))
      marks.append(Self.label(item.text, x: item.x + 38, y: item.y))
    }
    for line in layout.noteLines {
      marks.append(Self.label(line.text, x: layout.left, y: line.y, ["font-size": "11", "fill-opacity": "0.75"]))
    }
    return .element("g", ["class": "legend"], marks)
  }
}
