import Files
import Interpretability
import Transformer

/// Sweeps of one kind: over one text, or the means over several.
package struct SweepReport {
  private let readings: [SweepReading]
  /// nil for one text.
  private let means: SweepMeans?
  private let modelName: String

  /// - Parameters:
  ///   - readings: at least one.
  ///   - means: over them; nil to show the only one itself.
  package init(_ readings: [SweepReading], means: SweepMeans?, modelName: String) {
    (self.readings, self.means, self.modelName) = (readings, means, modelName)
  }

  package var members: JSONMembers {
    ["means": Absent(wrappedValue: means.map(Self.json)), "results": readings]
  }

  package func text(_ style: Style) -> String { heatMap.text(style) }

  /// Sites upward; tokens or heads along x.
  package var heatMap: HeatMap {
    let sweep = readings[0].sweep
    let rows = sweep.sites.indices.map { row in
      HeatMap.Row("\(sweep.sites[row])", (0..<sweep.columns).map { cell(row, $0) })
    }
    let columns =
      means == nil || sweep.kind == .heads ? readings[0].columns : (0..<sweep.columns).map { "\($0)" }
    return HeatMap(
      title: "\(modelName): " + (means == nil ? readings[0].text.shortened(to: 90) : "\(readings.count) texts"),
      subtitle: subtitle, columns: columns, rows: rows, statistics: statistics(rows.flatMap(\.cells)),
      xTitle: sweep.kind == .heads ? "head" : "token", yTitle: sweep.kind == .heads ? "block" : "level",
      entryName: "effect")
  }

  private func cell(_ row: Int, _ column: Int) -> HeatMap.Cell {
    guard let effect = means?.effects[row][column] else {
      let sweep = readings[0].sweep
      let relative = sweep.relativeEffects.map { $0[row][column] ?? .nan }
      return HeatMap.Cell(
        values: [sweep.effects[row][column] ?? .nan] + [relative].compactMap { $0 } + [sweep.differences[row][column]])
    }
    let ends = effect.interval.map { [HeatMap.Entry("95% from", $0.low), HeatMap.Entry("95% to", $0.high)] } ?? []
    return HeatMap.Cell(values: [effect.mean ?? .nan, effect.difference], entries: ends)
  }

  /// In the order of a cell's values.
  private func statistics(_ cells: [HeatMap.Cell]) -> [HeatMap.Statistic] {
    func largest(_ index: Int, atLeast least: Double) -> Double {
      cells.map { abs($0.values[index]) }.filter(\.isFinite).reduce(least, max)
    }
    func statistic(_ name: String, _ explanation: String, _ index: Int, atLeast least: Double) -> HeatMap.Statistic {
      let ends = largest(index, atLeast: least)
      return HeatMap.Statistic(name, explanation: explanation, range: -ends...ends, decimals: 3, format: .signed(2))
    }
    let isPatch = readings[0].sweep.method == .patch
    let effect =
      isPatch
      ? statistic(
        "effect", "(LD patched - LD text) / (LD from - LD text): 0 changes nothing, 1 gives the other text's LD.", 0,
        atLeast: 1)
      : statistic("effect (logits)", "LD ablated - LD text.", 0, atLeast: 0.01)
    let hasRelative = !isPatch && means == nil
    let relative = hasRelative ? [statistic("relative effect", "(LD ablated - LD text) / LD text.", 1, atLeast: 1)] : []
    let difference = statistic(
      "logit difference", "LD: the logit difference with this part changed.", hasRelative ? 2 : 1, atLeast: 0.01)
    return [effect] + relative + [difference]
  }

  private var subtitle: String {
    let sweep = readings[0].sweep
    let part = sweep.kind == .heads ? "each head" : "each token's \(sweep.kind.rawValue)"
    let (own, other) = (means?.difference ?? sweep.difference, means?.sourceDifference ?? sweep.sourceDifference)
    let change =
      switch sweep.method {
      case .patch:
        "\(part) patched from "
          + (means == nil ? "\"\(readings[0].source?.text.shortened(to: 90) ?? "")\"" : "its other text")
      case .zero: "\(part) set to 0"
      case .mean: "\(part) set to its mean"
      }
    let measure = means == nil ? readings[0].measure : "LD, means over texts"
    return "\(change); \(measure): \(own.signed(3))" + (other.map { ", of the other text \($0.signed(3))" } ?? "")
  }

  private static func json(_ means: SweepMeans) -> JSONMembers {
    let levels = zip(means.sweeps[0].sites, means.effects).map { site, effects -> JSONMembers in
      [
        "effects": effects.map {
          ["ci95": $0.interval, "logit_difference": $0.difference, "mean": $0.mean, "texts": $0.texts] as JSONMembers
        }, "site": "\(site)",
      ]
    }
    return [
      "from_logit_difference": Absent(wrappedValue: means.sourceDifference), "levels": levels,
      "logit_difference": means.difference,
    ]
  }
}
