/// Charts that are read together, one under the other in one picture. Those with the same y axis show the same part of it.
package struct ChartColumn: Equatable, Sendable, Figure {
  package let charts: [LineChart]

  package init(_ charts: [LineChart]) {
    self.charts = charts.map { chart in chart.comparable(with: charts.filter { $0.yAxis == chart.yAxis }) }
  }

  /// The charts as one SVG with a white background: the same bytes for the same charts.
  /// - Parameter width: in units; nil for the usual one.
  package func svg(width: Double? = nil) -> String {
    var (y, widest) = (0.0, 0.0)
    var children: [Markup] = [
      .element("title", text: charts.map(\.title).joined(separator: "; ")),
      .element("rect", ["width": "100%", "height": "100%", "fill": "#ffffff"]),
    ]
    for chart in charts {
      guard case .element(let name, let attributes, let parts) = chart.markup(.standAlone, width: width) else {
        continue
      }
      children.append(.element(name, [("x", "0"), ("y", y.fixed(2))] + attributes, parts))
      let layout = ChartLayout(chart, width: width)
      (y, widest) = (y + layout.height, max(widest, layout.width))
    }
    let (width, height) = (widest.fixed(0), y.fixed(0))
    let picture = Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(width) \(height)", "width": width, "height": height,
      ], children)
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + picture.rendered
  }

  package func panels(width: Double? = nil) -> [String] { charts.map { $0.svg(width: width) } }

  package func text(_ style: Style, height: Int = 14) -> String {
    charts.map { $0.text(style, height: height) }.joined(separator: "\n")
  }
}
