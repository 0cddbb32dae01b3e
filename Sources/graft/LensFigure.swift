import Interpretability
import Reporting

/// Readings that are shown side by side, in the same colours: one, or a text and what is compared with it.
struct LensFigure {
  /// At least one.
  let readings: [LensReading]
  private let keys: [LensStatistic]
  private let maps: [HeatMap]

  init(_ readings: [LensReading]) {
    self.readings = readings
    let all = readings.flatMap { $0.cells.flatMap { $0 } }
    let statistics = readings[0].statistics(over: all)
    keys = statistics.map(\.key)
    maps = readings.map { $0.heatMap(statistics) }
  }

  /// - Parameter show: what to colour by; where no cell has such a number, the first statistic there is.
  func text(_ style: Style, _ show: LensStatistic) -> String { HeatMap.text(maps, style, statistic: index(show)) }

  func svg(_ show: LensStatistic) -> String { HeatMap.svg(maps, statistic: index(show)) }

  var section: HTMLPage.Section {
    let texts = readings.map { $0.text.string.shortened(to: 120) }
    return HTMLPage.Section(
      texts.allSatisfy { $0 == texts[0] } ? texts[0] : texts.joined(separator: " | "),
      maps.count == 1 ? [.heatMap(maps[0], caption: "")] : [.heatMaps(maps.map { ($0, caption: $0.title) })])
  }

  private func index(_ show: LensStatistic) -> Int { keys.firstIndex(of: show) ?? 0 }
}
