import Foundation

/// Cells over columns (the tokens of a text, along x) and rows (the levels of a model, the first at the bottom), each
/// with a number for each of several statistics, and a list of what stands behind it. One statistic is shown: it gives the
/// colours, the legend, and the texts of cells that have none of their own. The same value renders for a terminal
/// (`text`), as SVG (`svg`) and on an HTML page (`HTMLPage.Block.heatMap`), in the same colours and numbers.
package struct HeatMap: Equatable, Sendable {
  /// One line of what stands behind a cell: a token and its probability, say.
  package struct Entry: Equatable, Sendable {
    package let label: String
    package let value: Double

    package init(_ label: String, _ value: Double) {
      self.label = label
      self.value = value
    }
  }

  package struct Cell: Equatable, Sendable {
    /// What stands in the cell whatever colours it, such as a token; nil where it is the value of the statistic shown.
    package let label: String?
    /// One a statistic; not finite where there is none.
    package let values: [Double]
    package let isMarked: Bool
    package let entries: [Entry]

    package init(_ label: String? = nil, values: [Double], isMarked: Bool = false, entries: [Entry] = []) {
      self.label = label
      self.values = values
      self.isMarked = isMarked
      self.entries = entries
    }
  }

  package struct Row: Equatable, Sendable {
    package let name: String
    /// One a column.
    package let cells: [Cell]

    package init(_ name: String, _ cells: [Cell]) {
      self.name = name
      self.cells = cells
    }
  }

  package let title: String
  package let subtitle: String
  /// The name of each column: a token in readable form.
  package let columns: [String]
  /// From the bottom up.
  package let rows: [Row]
  package let statistics: [Statistic]
  /// The statistic that colours the cells, an index of `statistics`. A page opens at it.
  package let shown: Int
  /// What the columns and the rows are; of a picture alone, empty for none.
  package let xTitle: String
  package let yTitle: String
  /// What a mark says; empty when no cell is marked.
  package let markMeaning: String
  /// What the values of entries are.
  package let entryName: String

  /// - Precondition: a cell a column in every row, a value a statistic in every cell, and `shown` one of the statistics.
  package init(
    title: String, subtitle: String = "", columns: [String], rows: [Row], statistics: [Statistic], shown: Int = 0,
    xTitle: String = "", yTitle: String = "", markMeaning: String = "", entryName: String = "probability"
  ) {
    precondition(statistics.indices.contains(shown), "a heat map without the statistic that it shows")
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
    self.shown = shown
    (self.xTitle, self.yTitle) = (xTitle, yTitle)
    self.markMeaning = markMeaning
    self.entryName = entryName
  }

  /// The same cells, coloured by another statistic.
  package func showing(_ statistic: Int) -> HeatMap {
    HeatMap(
      title: title, subtitle: subtitle, columns: columns, rows: rows, statistics: statistics, shown: statistic,
      xTitle: xTitle, yTitle: yTitle, markMeaning: markMeaning, entryName: entryName)
  }

  /// What stands in a cell under a statistic.
  func text(_ cell: Cell, _ statistic: Int) -> String {
    (cell.label ?? statistics[statistic].text(cell.values[statistic])).printable
  }

  /// Where a cell lies on the scale of a statistic, 0 to 1.
  func place(_ cell: Cell, _ statistic: Int) -> Double? { statistics[statistic].place(cell.values[statistic]) }

  /// The colour of a cell under a statistic, by its number; nil where it has no value.
  func shade(_ cell: Cell, _ statistic: Int) -> Int? { place(cell, statistic).map(ColorMap.shade) }
}
