/// Charts that are read together, one under the other in one picture.
package struct ChartColumn: Equatable, Sendable {
  package let charts: [LineChart]

  package init(_ charts: [LineChart]) { self.charts = charts }

  /// The charts as one SVG with a white background: the same bytes for the same charts.
  package func svg() -> String {
    var y = 0.0
    var children: [Markup] = [
      .element("title", text: charts.map(\.title).joined(separator: "; ")),
      .element("rect", ["width": "100%", "height": "100%", "fill": "#ffffff"]),
    ]
    for chart in charts {
      guard case .element(let name, let attributes, let parts) = chart.markup(.standAlone) else { continue }
      children.append(.element(name, [("x", "0"), ("y", y.fixed(2))] + attributes, parts))
      y += ChartLayout(chart).height
    }
    let (width, height) = (ChartLayout.width.fixed(0), y.fixed(0))
    let picture = Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(width) \(height)", "width": width, "height": height,
      ], children)
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + picture.rendered
  }

  package func text(_ style: Style, height: Int = 14) -> String {
    charts.map { $0.text(style, height: height) }.joined(separator: "\n")
  }
}
