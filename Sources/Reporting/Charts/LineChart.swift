/// Curves over a common x axis, with intervals and horizontal reference lines. The same value renders as SVG (`svg`)
/// and as characters for a terminal (`text`).
///
/// A point whose y is not finite is a gap: the line breaks there, nothing is drawn, and the description says "none".
package struct LineChart: Equatable, Sendable {
  /// One measured value.
  package struct Point: Equatable, Sendable {
    package let x: Double
    package let y: Double
    /// The ends of the interval around y; none is drawn when either is missing or not finite.
    package let low: Double?
    package let high: Double?
    /// Added to the tooltip ("n = 400").
    package let note: String

    package init(x: Double, y: Double, low: Double? = nil, high: Double? = nil, note: String = "") {
      self.x = x
      self.y = y
      self.low = low
      self.high = high
      self.note = note
    }

    /// The mean of several draws with their least and greatest value as the interval. Draws that are not finite are
    /// left out; with none left the point is a gap.
    package init(x: Double, draws: [Double], note: String = "") {
      let draws = draws.filter(\.isFinite)
      self.init(
        x: x, y: draws.isEmpty ? .nan : draws.reduce(0, +) / Double(draws.count), low: draws.min(), high: draws.max(),
        note: note)
    }

    var isPlottable: Bool { x.isPlottable && y.isPlottable }

    /// The interval in order, when there is one.
    var interval: ClosedRange<Double>? {
      guard let low, let high, low.isPlottable, high.isPlottable else { return nil }
      return min(low, high)...max(low, high)
    }
  }

  /// How intervals are drawn: a bar at each point, or a shaded band along the line.
  package enum Spread: Sendable { case bars, band }

  package struct Series: Equatable, Sendable {
    package let name: String
    /// In order of x.
    package let points: [Point]
    package let spread: Spread
    /// What the intervals are ("95% Wilson interval", "range of 5 draws"); empty when there are none.
    package let spreadName: String

    package init(name: String, points: [Point], spread: Spread = .bars, spreadName: String = "") {
      self.name = name
      self.points = points.filter { $0.x.isPlottable }.sorted { $0.x < $1.x }
      self.spread = spread
      self.spreadName = spreadName
    }
  }

  /// A horizontal line across the plot; left out when y is not finite.
  package struct Reference: Equatable, Sendable {
    package let name: String
    package let y: Double

    package init(name: String, y: Double) {
      self.name = name
      self.y = y
    }
  }

  package struct Axis: Equatable, Sendable {
    package let title: String
    /// The values that are possible at all, as 0...1 for a fraction. The y axis may show a part of them only, and is
    /// then marked as cut.
    package let bounds: ClosedRange<Double>?
    /// Ticks on whole numbers only.
    package let isWhole: Bool
    /// Equal factors are equal distances; the title says so. Values that are not positive have no place on it: along x they
    /// are left out, along y they are gaps.
    package let isLogarithmic: Bool

    package init(
      _ title: String, bounds: ClosedRange<Double>? = nil, isWhole: Bool = false, isLogarithmic: Bool = false
    ) {
      self.title = title
      self.bounds = bounds
      self.isWhole = isWhole
      self.isLogarithmic = isLogarithmic
    }
  }

  package let title: String
  package let subtitle: String
  package let xAxis: Axis
  package let yAxis: Axis
  package let series: [Series]
  package let references: [Reference]
  /// Values that the y axis reaches although this chart has none there: those of charts that are compared with it.
  private var reach: [Double] = []

  package init(
    title: String, subtitle: String = "", xAxis: Axis, yAxis: Axis, series: [Series], references: [Reference] = []
  ) {
    self.title = title
    self.subtitle = subtitle
    self.xAxis = xAxis
    self.yAxis = yAxis
    self.series = series.map { $0.placed(x: xAxis, y: yAxis) }
    self.references = references.filter { $0.y.isPlottable && (!yAxis.isLogarithmic || $0.y > 0) }
  }
}

extension LineChart.Series {
  /// Without what logarithmic axes cannot place.
  fileprivate func placed(x: LineChart.Axis, y: LineChart.Axis) -> LineChart.Series {
    LineChart.Series(
      name: name,
      points: points.filter { !x.isLogarithmic || $0.x > 0 }.map { point in
        y.isLogarithmic && point.y <= 0 ? LineChart.Point(x: point.x, y: .nan, note: point.note) : point
      }, spread: spread, spreadName: spreadName)
  }
}

extension LineChart {
  /// - Parameter tickCount: about how many ticks there is room for.
  func xScale(tickCount: Int = 13) -> AxisScale {
    AxisScale(
      fitting: series.flatMap { $0.points.filter(\.isPlottable).map(\.x) }, axis: xAxis, tickCount: tickCount,
      roundsOut: false)
  }

  var yScale: AxisScale { AxisScale(fitting: yValues + reach, axis: yAxis, tickCount: 6, roundsOut: true) }

  /// All that has a place along y.
  private var yValues: [Double] {
    let points = series.flatMap(\.points).filter(\.isPlottable)
    let ends = points.compactMap(\.interval).flatMap { [$0.lowerBound, $0.upperBound] }
    return points.map(\.y) + ends + references.map(\.y)
  }

  /// The same chart on the part of the y axis that all of several charts need.
  func comparable(with charts: [LineChart]) -> LineChart {
    let values = charts.flatMap(\.yValues)
    var chart = self
    chart.reach = [values.min(), values.max()].compactMap { $0 }
    return chart
  }

  var xTitle: String { xAxis.title + (xScale().isLogarithmic ? " (logarithmic)" : "") }

  /// The y axis' title, with a warning when the axis does not start where its values do.
  var yTitle: String {
    let scale = yScale
    if scale.isLogarithmic { return "\(yAxis.title) (logarithmic)" }
    guard scale.isCut, let bounds = yAxis.bounds else { return yAxis.title }
    let start = scale.label(scale.lower), zero = scale.label(bounds.lowerBound)
    return "\(yAxis.title) (axis starts at \(start), not at \(zero.trimmedDecimals))"
  }

  /// What each kind of interval means, for the foot of the legend; empty when there is nothing to say.
  var spreadLegend: String {
    func names(_ isDrawn: (Series) -> Bool) -> [String] {
      series.filter { $0.points.contains { $0.isPlottable && $0.interval != nil } && isDrawn($0) }.map(\.spreadName)
        .reduce(into: []) { if !$1.isEmpty, !$0.contains($1) { $0.append($1) } }
    }
    let parts = [
      ("bars", names { ChartLayout.bands($0).isEmpty }), ("shaded", names { !ChartLayout.bands($0).isEmpty }),
    ].filter { !$0.1.isEmpty }
    return parts.map { "\($0.0): \($0.1.joined(separator: ", "))" }.joined(separator: "; ")
  }

  /// Every value in words, for those who cannot see the picture.
  var summary: String {
    let lines = series.map { series in
      let values = series.points.map { "\($0.x.shortest): \($0.valueText)" }
      return "\(series.name): " + (values.isEmpty ? "no points" : values.joined(separator: ", ")) + "."
    }
    let marks = references.map { "\($0.name): \($0.y.fixed(3))." }
    return (["\(yAxis.title) against \(xAxis.title)."] + lines + marks).joined(separator: " ")
  }
}

extension LineChart.Point {
  /// "0.695 (0.648–0.738)".
  var valueText: String {
    guard isPlottable else { return "none" }
    guard let interval else { return y.fixed(3) }
    return "\(y.fixed(3)) (\(interval.lowerBound.fixed(3))–\(interval.upperBound.fixed(3)))"
  }
}

extension Double {
  /// Whether a chart can place this value: arithmetic on a span of such values neither overflows nor divides by zero.
  var isPlottable: Bool { isFinite && abs(self) < 1e100 }

  /// A whole number without decimals, any other in its shortest form.
  var shortest: String { self == rounded() && abs(self) < 1e15 ? fixed(0) : "\(self)" }
}
