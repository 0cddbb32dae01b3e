extension HeatMap {
  /// These cells minus those of another map, statistic by statistic, with 0 in the middle of the colours: positive where
  /// this map's number is higher. A cell keeps its text, and is marked where the other's is another one.
  /// - Returns: nil where the maps do not have the same rows, columns and statistics.
  package func difference(from other: HeatMap) -> HeatMap? {
    guard columns.count == other.columns.count, rows.map(\.name) == other.rows.map(\.name),
      statistics.count == other.statistics.count
    else { return nil }
    let rows = zip(rows, other.rows).map { row, other in
      Row(
        row.name,
        zip(row.cells, other.cells).map { cell, other in
          Cell(
            cell.label, values: zip(cell.values, other.values).map { $0 - $1 }, isMarked: cell.label != other.label,
            entries: cell.entries)
        })
    }
    let looks = statistics.enumerated().map { index, statistic in
      let most = rows.lazy.flatMap(\.cells).map { abs($0.values[index]) }.filter(\.isFinite).max() ?? 0
      let ends = max(most, 0.001)
      return Statistic(
        "\(statistic.name), difference", explanation: "With the changes minus without. \(statistic.explanation)",
        range: -ends...ends, decimals: statistic.decimals)
    }
    return HeatMap(
      title: title, subtitle: "what the changes do: with them minus without", columns: columns, rows: rows,
      statistics: looks, shown: shown, markMeaning: "another token than without the changes", entryName: entryName)
  }
}
