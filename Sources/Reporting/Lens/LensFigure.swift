/// Readings that are shown side by side, in the same colours: one, or a text and what is compared with it.
package struct LensFigure {
  /// At least one.
  package let readings: [LensReading]
  /// One per reading.
  package let maps: [HeatMap]

  /// - Parameter show: what to colour by; nil for what the tokens that are followed ask for. Where no cell has such a number,
  ///   the first statistic there is.
  package init(_ readings: [LensReading], show: LensStatistic?) {
    self.readings = readings
    let all = readings.flatMap { $0.cells.flatMap { $0 } }
    let statistics = readings[0].statistics(over: all)
    let wanted = show ?? .following(readings[0].followed)
    let shown = statistics.firstIndex { $0.key == wanted } ?? 0
    maps = readings.map { $0.heatMap(statistics, shown: shown) }
  }

  package func text(_ style: Style) -> String { HeatMap.text(maps, style) }

  /// The readings; with --attribute, the parts of the logit at the first place.
  package var picture: HeatMapRows { HeatMapRows(attributions.first?.maps ?? maps) }

  /// The cells of the heat maps.
  package var tables: [Table] { maps.flatMap(\.tables) }

  package var section: HTMLPage.Section {
    let texts = readings.map { $0.text.string.shortened(to: 120) }
    return HTMLPage.Section(
      texts.allSatisfy { $0 == texts[0] } ? texts[0] : texts.joined(separator: " | "),
      (maps.count == 1 ? [.heatMap(maps[0], caption: "")] : [.heatMaps(maps.map { ($0, caption: "") })])
        + attributions.flatMap { group in
          group.maps.map { .heatMap($0, caption: "") } + group.tables(20).map { .table($0) }
        })
  }

  /// With --attribute: the parts of each logit, as `text` and `picture` show the readings.
  package func attributedText(_ style: Style, top: Int) -> String {
    attributions.map { group in
      ([HeatMap.text(group.maps, style)] + group.tables(top).map { $0.text(style) }).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// With --attribute: the cells of the heat maps, and the tables below them.
  package func attributedTables(top: Int) -> [Table] {
    attributions.flatMap { $0.maps.flatMap(\.tables) + $0.tables(top) }
  }

  private struct Attributions {
    let pairs: [(LogitAttributionReading, of: LensReading)]

    /// In the same colours.
    var maps: [HeatMap] {
      let ends = pairs.map(\.0.largest).max() ?? 0
      return pairs.map { $0.heatMap($1, ends: ends) }
    }

    func tables(_ top: Int) -> [Table] { pairs.map { $0.table($1, top: top) } }
  }

  /// The places of the first reading, each with that of the readings beside it.
  private var attributions: [Attributions] {
    readings[0].attributions.indices.map { index in
      Attributions(
        pairs: readings.compactMap { reading in
          reading.attributions.indices.contains(index) ? (reading.attributions[index], of: reading) : nil
        })
    }
  }
}
