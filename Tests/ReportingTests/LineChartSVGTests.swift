import Foundation
import Reporting
import TestSupport
import Testing

/// The picture's axes as a reader takes them: from the places of the tick labels.
private struct ReadAxes {
  let x: (Double) -> Double
  let y: (Double) -> Double
  let xTicks: [(value: Double, place: Double)]
  let yTicks: [(value: Double, place: Double)]

  init(_ svg: XMLTree) throws {
    let labels = try #require(svg.all("g", class: "axes").first).children.filter { $0.name == "text" }
    let yTicks = labels.filter { $0.attributes["text-anchor"] == "end" }
      .map { (Double($0.text) ?? .nan, $0.number("y") - 4) }
    let xTicks = labels.filter { $0.attributes["text-anchor"] == "middle" && $0.classes == [] }
      .map { (Double($0.text) ?? .nan, $0.number("x")) }
    func scale(_ ticks: [(Double, Double)]) throws -> (Double) -> Double {
      let (first, last) = (try #require(ticks.first), try #require(ticks.last))
      return { first.1 + ($0 - first.0) / (last.0 - first.0) * (last.1 - first.1) }
    }
    x = try xTicks.count > 1 ? scale(xTicks) : { _ in xTicks.first?.1 ?? .nan }
    y = try scale(yTicks)
    self.xTicks = xTicks
    self.yTicks = yTicks
  }
}

/// The pairs of numbers in a path of absolute moves and lines.
private func corners(_ path: XMLTree?) -> [(x: Double, y: Double)] {
  let numbers =
    path?.attributes["d", default: ""].split { !"-.0123456789".contains($0) }.compactMap { Double($0) } ?? []
  return stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
}

@Suite struct LineChartSVGTests {
  private func parsed(_ chart: LineChart, _ placement: LineChart.Placement = .standAlone) throws -> XMLTree {
    try XMLTree.parse(chart.svg(placement))
  }

  private func chart(
    _ points: [LineChart.Point], references: [LineChart.Reference] = [], bounds: ClosedRange<Double>? = 0...1,
    spread: LineChart.Spread = .bars
  ) -> LineChart {
    LineChart(
      title: "t", xAxis: .init("x", isWhole: true), yAxis: .init("y", bounds: bounds),
      series: [.init(name: "s", points: points, spread: spread, spreadName: "range")], references: references)
  }

  @Test func valuesStandWhereTheAxesSay() throws {
    let chart = Example.chart
    let svg = try parsed(chart)
    let axes = try ReadAxes(svg)
    #expect(axes.xTicks.map(\.value) == [0, 1, 2, 3, 4])
    #expect(axes.yTicks.map(\.value) == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    // Upwards and to the right.
    #expect(axes.y(0.9) < axes.y(0.4) && axes.x(0) < axes.x(4))
    let groups = svg.all("g", class: "series")
    #expect(groups.count == chart.series.count)
    for (series, group) in zip(chart.series, groups) {
      let line = corners(group.all("path", class: "line").first)
      #expect(line.count == 5)
      for (point, place) in zip(series.points, line) {
        // However many series there are, a point stays at its x.
        #expect(abs(place.x - axes.x(point.x)) < 0.02)
        #expect(abs(place.y - axes.y(point.y)) < 0.02)
      }
      #expect(group.all("g", class: "point").count == 5)
    }
    let bar = try #require(groups[0].all("path", class: "bar").last)
    let low = try #require(chart.series[0].points[4].low), high = try #require(chart.series[0].points[4].high)
    let expected = "M\(axes.x(4).fixed(2)) \(axes.y(low).fixed(2))V\(axes.y(high).fixed(2))"
    #expect(bar.attributes["d", default: ""].hasPrefix(expected))
    #expect(groups[2].all("path", class: "bar").isEmpty)
    let band = corners(svg.all("g", class: "band")[2].children.first)
    #expect(band.count == 10)
    for (draws, places) in zip(Example.draws, zip(band, band.reversed())) {
      #expect(abs(places.0.y - axes.y(draws.max() ?? .nan)) < 0.02)
      #expect(abs(places.1.y - axes.y(draws.min() ?? .nan)) < 0.02)
    }
    let lines = try #require(svg.all("g", class: "references").first).all("line")
    #expect(lines.count == 4)
    #expect(abs(lines[0].number("y1") - axes.y(0.835)) < 0.02 && abs(lines[2].number("y2") - axes.y(0.5)) < 0.02)
  }

  /// Unequal distances are kept, with intervals and without.
  @Test func pointsStayAtTheirX() throws {
    let values = [8.0, 16, 24, 32, 64, 256, 512]
    let series = (0..<4).map { index in
      LineChart.Series(
        name: "s\(index)",
        points: values.map {
          .init(x: $0, y: 0.5 + 0.01 * Double(index), low: index < 3 ? 0.4 : nil, high: index < 3 ? 0.6 : nil)
        },
        spread: index == 2 ? .band : .bars, spreadName: "range")
    }
    let svg = try parsed(
      LineChart(title: "t", xAxis: .init("tokens", isWhole: true), yAxis: .init("y", bounds: 0...1), series: series))
    let axes = try ReadAxes(svg)
    for group in svg.all("g", class: "series") {
      let line = corners(group.all("path", class: "line").first)
      #expect(line.count == values.count)
      for (value, place) in zip(values, line) { #expect(abs(place.x - axes.x(value)) < 0.02) }
    }
    let band = corners(svg.all("g", class: "band")[2].children.first)
    for (value, place) in zip(values, band) { #expect(abs(place.x - axes.x(value)) < 0.02) }
    // Bars at one x are distinguished by their caps.
    let caps = svg.all("g", class: "series").prefix(2).compactMap {
      $0.all("path", class: "bar").first?.attributes["d"]?.split(separator: "h").dropFirst().first?.prefix(2)
    }
    #expect(caps == ["6M", "10"])
  }

  /// Equal factors upward; a number without a logarithm is a gap.
  @Test func aLogarithmicAxisSaysSo() throws {
    let values = [4.5, 0.9, 0.09, 0]
    let chart = LineChart(
      title: "t", xAxis: .init("blocks", isWhole: true), yAxis: .init("KL", isLogarithmic: true),
      series: [.init(name: "s", points: values.enumerated().map { .init(x: Double($0), y: $1) })])
    let svg = try parsed(chart)
    let labels = svg.all("text").map(\.text)
    #expect(labels.contains("KL (logarithmic)") && chart.text(.plain).contains("KL (logarithmic)"))
    for tick in ["0.1", "1"] { #expect(labels.contains(tick)) }
    let line = corners(svg.all("path", class: "line").first)
    #expect(line.count == 3)
    // 5 and 0.9 to 0.09: ln 5 to ln 10.
    #expect(abs((line[1].y - line[0].y) / (line[2].y - line[1].y) - log(5) / log(10)) < 0.001)
    #expect(svg.all("desc")[0].text.contains("3: none"))
  }

  @Test func aSingleSeriesIsNotMovedAside() throws {
    let svg = try parsed(chart([.init(x: 0, y: 0.1, low: 0, high: 0.2), .init(x: 2, y: 0.9)]))
    let axes = try ReadAxes(svg)
    let line = corners(svg.all("path", class: "line").first)
    #expect(abs(line[0].x - axes.x(0)) < 0.02 && abs(line[1].x - axes.x(2)) < 0.02)
    #expect(axes.yTicks.map(\.value) == [0, 0.2, 0.4, 0.6, 0.8, 1])
  }

  /// A truncated axis says so in two ways; any other says nothing.
  @Test func cutAxisIsMarked() throws {
    let cut = try parsed(chart([.init(x: 0, y: 0.8), .init(x: 1, y: 0.9)]))
    #expect(cut.all("line", class: "cut").count == 2)
    #expect(cut.all("text", class: "y-title").map(\.text) == ["y (axis starts at 0.80, not at 0)"])
    let whole = try parsed(chart([.init(x: 0, y: 0.1), .init(x: 1, y: 0.9)]))
    #expect(whole.all("line", class: "cut").isEmpty)
    #expect(whole.all("text", class: "y-title").map(\.text) == ["y"])
    let free = try parsed(chart([.init(x: 0, y: 80), .init(x: 1, y: 90)], bounds: nil))
    #expect(free.all("text", class: "y-title").map(\.text) == ["y"])
  }

  @Test func everythingIsInsideTheAxes() throws {
    let values = [0.31, 0.9999, 0.02, 0.5]
    let svg = try parsed(chart(values.enumerated().map { .init(x: Double($0), y: $1, low: 0, high: 1) }))
    #expect(try ReadAxes(svg).yTicks.map(\.value) == [0, 0.2, 0.4, 0.6, 0.8, 1])
  }

  @Test func gapsBreakTheLine() throws {
    let svg = try parsed(
      chart([
        .init(x: 0, y: 0.1), .init(x: 1, y: 0.2), .init(x: 2, y: .nan), .init(x: 3, y: 0.4), .init(x: 4, y: .infinity),
        .init(x: 5, y: 0.1), .init(x: 6, y: 0.2), .init(x: .nan, y: 0.3),
      ]))
    #expect(svg.all("path", class: "line").map { corners($0).count } == [2, 2])
    #expect(svg.all("g", class: "point").count == 5)
    let text = try #require(svg.all("desc").first).text
    #expect(text.contains("s: 0: 0.100, 1: 0.200, 2: none, 3: 0.400, 4: none, 5: 0.100, 6: 0.200."))
  }

  @Test func bandEndsWhereIntervalsAreMissing() throws {
    let svg = try parsed(
      chart(
        [
          .init(x: 0, y: 0.1, low: 0.05, high: 0.2), .init(x: 1, y: 0.2, low: 0.1, high: 0.3), .init(x: 2, y: 0.4),
          .init(x: 3, y: 0.4, low: 0.5, high: 0.3),
        ], spread: .band))
    #expect(svg.all("g", class: "band").flatMap(\.children).map { corners($0).count } == [4])
    #expect(svg.all("path", class: "bar").count == 1)
    #expect(svg.all("title").map(\.text).contains("s, x 3: 0.400 (0.300–0.500)"))
  }

  @Test func pointsAreSortedAndDrawsSummarised() throws {
    let point = LineChart.Point(x: 1, draws: [0.5, .nan, 0.25, 0.75])
    #expect(point == LineChart.Point(x: 1, y: 0.5, low: 0.25, high: 0.75))
    #expect(LineChart.Point(x: 1, draws: []).y.isNaN)
    let series = LineChart.Series(name: "s", points: [.init(x: 2, y: 0), .init(x: 1, y: 1), .init(x: .infinity, y: 1)])
    #expect(series.points.map(\.x) == [1, 2])
  }

  @Test func onePoint() throws {
    let svg = try parsed(chart([.init(x: 3, y: 0.5)]))
    let axes = try ReadAxes(svg)
    #expect(axes.xTicks.map(\.value) == [3])
    #expect(svg.all("path", class: "line").isEmpty)
    let marker = try #require(svg.all("path", class: "marker").first)
    #expect(abs((corners(marker).first?.x ?? .nan) + 4.5 - axes.x(3)) < 0.02)
    #expect(abs((corners(marker).first?.y ?? .nan) - axes.y(0.5)) < 0.02)
  }

  @Test(arguments: [[], [LineChart.Point(x: 0, y: .nan)]])
  func noPoints(points: [LineChart.Point]) throws {
    let svg = try parsed(chart(points))
    #expect(svg.all("text").map(\.text).contains("no points"))
    #expect(try ReadAxes(svg).yTicks.map(\.value) == [0, 0.2, 0.4, 0.6, 0.8, 1])
    let bare = LineChart(title: "", xAxis: .init(""), yAxis: .init(""), series: [])
    #expect(try parsed(bare).all("path").isEmpty)
  }

  private static let extremes: [[Double]] = [
    [0, Double.leastNonzeroMagnitude], [1e99, 1e99], [-1e99, 1e99], [1e300, 1], [1e50, 1.001e50], [-5, -5],
    [1e-300, 2e-300],
    [Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude], [1e15, 1e15 + 1], [0, 1e-9],
  ]

  /// No value traps or writes a number that is not finite.
  @Test(arguments: LineChartSVGTests.extremes)
  func extremeValues(values: [Double]) throws {
    for isWhole in [false, true] {
      for bounds in [nil, 0...1, 0...Double.infinity] as [ClosedRange<Double>?] {
        let chart = LineChart(
          title: "t", xAxis: .init("x", isWhole: isWhole), yAxis: .init("y", bounds: bounds, isWhole: isWhole),
          series: [.init(name: "s", points: values.map { .init(x: $0, y: $0, low: $0, high: $0 * 2) })],
          references: values.map { .init(name: "r", y: $0) })
        let svg = chart.svg()
        _ = try XMLTree.parse(svg)
        #expect(!svg.contains("nan") && !svg.contains("inf") && !svg.contains("\"–"))
        #expect(!chart.text(Style(width: 60)).isEmpty)
      }
    }
  }

  @Test func legendAndLabelsDoNotOverlap() throws {
    let names = (0..<9).map { "a map with a name of some length, number \($0)" }
    let chart = LineChart(
      title: "t", xAxis: .init("x"), yAxis: .init("y", bounds: 0...1),
      series: names.map { Example.series($0, [0.5, 0.6]) },
      references: [0.5, 0.501, 0.502, 0.503].map { .init(name: "a long name of a line", y: $0) })
    let svg = try parsed(chart)
    let legend = try #require(svg.all("g", class: "legend").first).children.filter { $0.name == "text" }
    #expect(legend.map(\.text) == names + ["bars: 95% interval (n = 400)"])
    #expect(Set(legend.map { "\($0.number("x")) \($0.number("y"))" }).count == legend.count)
    #expect(legend.allSatisfy { $0.number("x") + Double($0.text.count) * 6 < 760 })
    let labels = try #require(svg.all("g", class: "references").first).all("text")
    #expect(labels.count == 8)
    for (above, below) in zip(labels, labels.dropFirst()) { #expect(below.number("y") - above.number("y") >= 14.99) }
    let lowest = try #require(labels.map { $0.number("y") }.max())
    #expect(legend.allSatisfy { $0.number("y") > lowest })
    let height = try #require(Double(svg.attributes["height", default: ""]))
    #expect(legend.allSatisfy { $0.number("y") < height })
  }

  /// Colour aside, no two of the first seven series look alike.
  @Test func seriesDifferWithoutColor() throws {
    let chart = LineChart(
      title: "t", xAxis: .init("x"), yAxis: .init("y"),
      series: (0..<7).map { .init(name: "s\($0)", points: [.init(x: 0, y: 0), .init(x: 1, y: 1)]) })
    let groups = try parsed(chart).all("g", class: "series")
    let dashes = groups.compactMap { $0.all("path", class: "line").first?.attributes["stroke-dasharray"] }
    #expect(Set(dashes).count == 7)
    #expect(Set(groups.compactMap { $0.all("path", class: "marker").first?.attributes["d"] }).count == 7)
    #expect(Set(groups.compactMap { $0.attributes["color"] }).count == 7)
  }

  @Test func escapesEveryText() throws {
    let chart = LineChart(
      title: hostile, subtitle: hostile, xAxis: .init(hostile), yAxis: .init(hostile),
      series: [
        .init(name: hostile, points: [.init(x: 0, y: 1, low: 0, high: 2, note: hostile)], spreadName: hostile)
      ], references: [.init(name: hostile, y: 1)])
    let svg = try parsed(chart)
    #expect(svg.all("text").filter { $0.text.contains(hostile) }.count == 7)
    #expect(svg.all("title").map(\.text) == [hostile, "\(hostile), \(hostile) 0: 1.000 (0.000–2.000), \(hostile)"])
    #expect(svg.all("desc").first?.text.components(separatedBy: hostile).count == 5)
    #expect(
      try parsed(Self.named("\u{0}\u{FFFE}\u{1B}\u{85}")).all("title").first?.text == "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
    )
  }

  private static func named(_ title: String) -> LineChart {
    LineChart(title: title, xAxis: .init("x"), yAxis: .init("y"), series: [])
  }

  @Test func bothPlacements() throws {
    let alone = Example.chart.svg(), inline = Example.chart.svg(.inline)
    #expect(alone.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "))
    #expect(inline.hasPrefix("<svg "))
    #expect(alone == Example.chart.svg())
    for text in [alone, inline] {
      #expect(text.ranges(of: "http").count == 1)
      #expect(text.contains("xmlns=\"http://www.w3.org/2000/svg\""))
    }
    #expect(try XMLTree.parse(alone).all("rect").map { $0.attributes["fill"] } == ["#ffffff"])
    #expect(try XMLTree.parse(inline).all("rect").isEmpty)
    #expect(try XMLTree.parse(inline).attributes["color"] == "currentColor")
    #expect(try XMLTree.parse(inline).all("g", class: "s1").count == 3)
  }
}
