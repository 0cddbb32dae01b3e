import Foundation

/// Cells over columns (the tokens of a text, along x) and rows (the levels of a model, the first at the bottom), each
/// with a short text, a number for each of several statistics, and a list of what stands behind the text. The same value
/// renders for a terminal (`text`), as SVG (`svg`) and on an HTML page (`HTMLPage.Block.heatMap`).
public struct HeatMap: Equatable, Sendable {
  /// A number that each cell has, and how it becomes a colour.
  public struct Statistic: Equatable, Sendable {
    public enum Spacing: Sendable { case linear, logarithmic }
    public enum Brightest: Sendable { case highest, lowest }

    public let name: String
    /// One sentence about what the number says; may be empty.
    public let explanation: String
    /// The values with the darkest and the brightest colour; what lies outside takes the nearest end.
    public let range: ClosedRange<Double>
    public let spacing: Spacing
    public let brightest: Brightest
    public let decimals: Int

    /// - Parameter range: for logarithmic spacing, above 0.
    public init(
      _ name: String, explanation: String = "", range: ClosedRange<Double>, spacing: Spacing = .linear,
      brightest: Brightest = .highest, decimals: Int = 3
    ) {
      self.name = name
      self.explanation = explanation
      self.range = range
      self.spacing = spacing
      self.brightest = brightest
      self.decimals = decimals
    }

    /// From 0, dark, to 1, bright; nil for a value that is not finite.
    func brightness(_ value: Double) -> Double? {
      guard value.isFinite else { return nil }
      var (low, high, place) = (range.lowerBound, range.upperBound, value.clamped(to: range))
      if spacing == .logarithmic { (low, high, place) = (log(low), log(high), log(place)) }
      let fraction = high > low ? (place - low) / (high - low) : 0
      return brightest == .highest ? fraction : 1 - fraction
    }

    /// The ends of the range in the order dark, bright.
    var ends: (dark: Double, bright: Double) {
      brightest == .highest ? (range.lowerBound, range.upperBound) : (range.upperBound, range.lowerBound)
    }
  }

  /// One line of what stands behind a cell: a token and its probability, say.
  public struct Entry: Equatable, Sendable {
    public let label: String
    public let value: Double

    public init(_ label: String, _ value: Double) {
      self.label = label
      self.value = value
    }
  }

  public struct Cell: Equatable, Sendable {
    public let text: String
    /// One a statistic; not finite where there is none.
    public let values: [Double]
    public let isMarked: Bool
    public let entries: [Entry]

    public init(_ text: String, values: [Double], isMarked: Bool = false, entries: [Entry] = []) {
      self.text = text
      self.values = values
      self.isMarked = isMarked
      self.entries = entries
    }
  }

  public struct Row: Equatable, Sendable {
    public let name: String
    /// One a column.
    public let cells: [Cell]

    public init(_ name: String, _ cells: [Cell]) {
      self.name = name
      self.cells = cells
    }
  }

  public let title: String
  public let subtitle: String
  /// The name of each column: a token, as people read it.
  public let columns: [String]
  /// From the bottom up.
  public let rows: [Row]
  public let statistics: [Statistic]
  /// What a mark says; empty when no cell is marked.
  public let markMeaning: String
  /// What the values of entries are.
  public let entryName: String

  /// - Precondition: a cell a column in every row, a value a statistic in every cell, at least one statistic.
  public init(
    title: String, subtitle: String = "", columns: [String], rows: [Row], statistics: [Statistic],
    markMeaning: String = "", entryName: String = "probability"
  ) {
    precondition(!statistics.isEmpty, "a heat map without a statistic")
    precondition(
      rows.allSatisfy {
        $0.cells.count == columns.count && $0.cells.allSatisfy { $0.values.count == statistics.count }
      },
      "a heat map whose rows do not fit its columns and statistics")
    self.title = title
    self.subtitle = subtitle
    self.columns = columns
    self.rows = rows
    self.statistics = statistics
    self.markMeaning = markMeaning
    self.entryName = entryName
  }

  /// How bright a cell is under a statistic, 0 to 1.
  func brightness(_ cell: Cell, _ statistic: Int) -> Double? {
    statistics[statistic].brightness(cell.values[statistic])
  }
}
