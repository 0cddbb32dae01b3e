/// Where everything in a chart's SVG goes, in units of its view box.
struct ChartLayout {
  private static let usualWidth = 760.0
  static let margin = 16.0
  static let labelHeight = 15.0
  private static let plotHeight = 300.0
  private static let leastPlotHeight = 200.0
  private static let legendRow = 21.0

  let width: Double
  let titleLines: [String]
  let subtitleLines: [String]
  /// The plot's edges.
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let height: Double
  let xScale: AxisScale
  let yScale: AxisScale
  let referenceLabels: [(y: Double, top: Double, lines: [String])]
  let legendItems: [(index: Int, x: Double, y: Double, text: String)]
  let noteLines: [(y: Double, text: String)]
  private let series: [LineChart.Series]

  /// - Parameter width: nil for the usual one.
  init(_ chart: LineChart, width: Double? = nil) {
    let width = width ?? Self.usualWidth
    self.width = width
    func columns(_ count: Int) -> Int { Int(Double(count) * (width / Self.usualWidth)) }
    series = chart.series
    let (xScale, yScale) = (chart.xScale(tickCount: max(4, columns(13))), chart.yScale)
    self.xScale = xScale
    self.yScale = yScale
    titleLines = chart.title.wrapped(toColumns: columns(66))
    subtitleLines = chart.subtitle.isEmpty ? [] : chart.subtitle.wrapped(toColumns: columns(100))

    let top = Self.margin + Double(titleLines.count) * 20 + Double(subtitleLines.count) * 17 + 42
    let bottom = top + max(Self.leastPlotHeight, Self.plotHeight * width / Self.usualWidth)
    let left = Self.margin + 14 + (yScale.ticks.map { Self.textWidth(yScale.label($0)) }.max() ?? 0)
    let labels = chart.references.sorted { $0.y > $1.y }.map { reference in
      (y: reference.y, lines: "\(reference.name) \(reference.y.fixed(3))".wrapped(toColumns: 20))
    }
    let labelWidth = labels.flatMap(\.lines).map(Self.textWidth).max() ?? 0
    let right = width - Self.margin - (labels.isEmpty ? 0 : min(labelWidth, 180) + 15)
    (self.left, self.right, self.top, self.bottom) = (left, right, top, bottom)

    // Labels from the highest line down, each pushed below the one before it.
    var lowest = -Double.infinity
    referenceLabels = labels.map { label in
      let height = Double(label.lines.count) * Self.labelHeight
      let centre = bottom - yScale.fraction(label.y) * (bottom - top)
      let start = max(lowest, centre - height / 2)
      lowest = start + height + 2
      return (label.y, start, label.lines)
    }

    var x = left, y = max(bottom + 68, lowest + Self.labelHeight)
    var items: [(index: Int, x: Double, y: Double, text: String)] = []
    for (index, entry) in chart.series.enumerated() {
      let text = entry.name.cut(toColumns: columns(90), mark: "…")
      let advance = 38 + Self.textWidth(text) + 24
      if x > left, x + advance > width {
        x = left
        y += Self.legendRow
      }
      items.append((index, x, y, text))
      x += advance
    }
    legendItems = items
    let notes = chart.spreadLegend.isEmpty ? [] : chart.spreadLegend.wrapped(toColumns: columns(100))
    noteLines = notes.enumerated().map { (y + Self.legendRow + Double($0) * Self.labelHeight, $1) }
    height = (noteLines.last?.y ?? y) + Self.margin
  }

  /// Between the plot's edge and the first point.
  private static let inset = 30.0

  func x(_ value: Double) -> Double { left + Self.inset + xScale.fraction(value) * (right - left - 2 * Self.inset) }

  func y(_ value: Double) -> Double { bottom - yScale.fraction(value) * (bottom - top) }

  /// Whether no series has a point.
  var isEmpty: Bool { !series.contains { $0.points.contains(where: \.isPlottable) } }

  /// The series' points between gaps.
  func runs(_ index: Int) -> [[LineChart.Point]] {
    series[index].points.split { !$0.isPlottable }.map(Array.init)
  }

  /// The runs of points with intervals that a band shades: two points at least.
  func bands(_ index: Int) -> [[(x: Double, interval: ClosedRange<Double>)]] { Self.bands(series[index]) }

  static func bands(_ series: LineChart.Series) -> [[(x: Double, interval: ClosedRange<Double>)]] {
    guard series.spread == .band else { return [] }
    let runs = series.points.split { !$0.isPlottable || $0.interval == nil }
    return runs.filter { $0.count > 1 }.map { $0.compactMap { point in point.interval.map { (point.x, $0) } } }
  }

  /// An estimate for 12-unit text in a common sans-serif face, on the wide side.
  private static func textWidth(_ text: String) -> Double { Double(DisplayWidth.of(text)) * 6.9 }
}
