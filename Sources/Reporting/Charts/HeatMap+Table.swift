extension HeatMap {
  /// The cells, the last row on top: where texts stand in them a table of these, and one of the statistic shown. Marked cells
  /// are strong.
  package var tables: [Table] {
    let caption = [title, subtitle].filter { !$0.isEmpty }.joined(separator: "; ")
    let numbers = table("\(caption); \(statistics[shown].name)", .trailing) { cell, tone in
      let value = cell.values[shown]
      guard value.isFinite else { return isMissing(cell, shown) ? .missing(tone) : "" }
      return Table.Cell(statistics[shown].text(value), tone)
    }
    guard rows.contains(where: { $0.cells.contains { !($0.label ?? "").isEmpty } }) else { return [numbers] }
    return [table(caption, .leading) { cell, tone in Table.Cell(text(cell, shown), tone) }, numbers]
  }

  private func table(
    _ caption: String, _ alignment: Table.Alignment, _ cell: (Cell, Tone) -> Table.Cell
  ) -> Table {
    var table = Table(caption: caption, columns: [.init(yTitle)] + columns.map { .init($0, alignment) })
    for row in rows.reversed() {
      table.append([Table.Cell(row.name)] + row.cells.map { cell($0, $0.isMarked ? .strong : .plain) })
    }
    return table
  }
}
