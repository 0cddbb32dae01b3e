import Stitching

/// What an experiment says over fine-tuned models that differ in their seed, as tables and charts.
package struct StitchSeedsReport {
  private let curves: StitchCurves
  private let results: StitchResults
  private let names: [String]

  /// - Parameter names: the experiment's models.
  package init(_ curves: StitchCurves, of results: StitchResults, names: [String]) {
    self.curves = curves
    self.results = results
    self.names = names
  }

  /// One per family of seeds, and one of the cuts that `auto` chose.
  package var tables: [Table] { curves.seeds.map(table) + (curves.automatic.isEmpty ? [] : [automatic]) }

  package var sections: [HTMLPage.Section] {
    zip(curves.seeds, ChartColumn(curves.seeds.map(chart)).charts).map { family, chart in
      HTMLPage.Section(
        title(family),
        [
          .chart(
            chart,
            caption:
              "Mean accuracy of the seeds against the blocks kept. Bars are 95% intervals from resampling seeds and "
              + "reviews together."), .table(table(family)),
        ])
    } + (curves.automatic.isEmpty ? [] : [HTMLPage.Section("Automatic cuts", [.table(automatic)])])
  }

  /// Each fine-tuned model at the cut and with the map that `auto` chose for it.
  private var automatic: Table {
    var table = Table(
      caption:
        "At the cuts and with the maps that auto chose without labels; the difference is from the fine-tuned model itself",
      columns: [.init("stitched")] + StitchWords.meanColumns.dropFirst() + [
        .init("itself", .trailing), .init("above .70", .trailing), .init("kept"),
      ])
    for set in curves.automatic {
      let pairs = set.pairs.map { results.grid.pairs[$0] }
      let kept = set.cuts.map { "\($0.score.point.cut.kept)" }.joined(separator: " ")
      table.append(
        StitchWords.meanCells(
          "\(names[pairs[0].finetuned]) and seeds onto \(names[pairs[0].pretrained]), last \(set.transplanted)",
          set.mean,
          set.difference)
          + [
            .number(set.finetuned.value, decimals: 3),
            .init("\(set.cuts.count { $0.score.accuracy > 0.7 }) of \(set.cuts.count)"),
            .init(kept),
          ])
    }
    return table
  }

  private func title(_ family: StitchCurves.SeedFamily) -> String {
    let pairs = family.pairs.map { results.grid.pairs[$0] }
    let finetuned = pairs.map { names[$0.finetuned] }
    // runs/model/seed-1 and its like have their folder in common.
    let folder = Set(finetuned.map { $0.split(separator: "/").dropLast().joined(separator: "/") })
    let name = folder.count == 1 ? folder.first ?? "" : ""
    return
      "\(finetuned.count) seeds of \(name.isEmpty ? finetuned[0] : name) stitched onto \(names[pairs[0].pretrained]), "
      + "last \(family.transplanted), \(family.seam)"
  }

  private func table(_ family: StitchCurves.SeedFamily) -> Table {
    var table = Table(
      caption: title(family),
      columns: StitchWords.meanColumns + [.init("lowest seed", .trailing), .init("highest", .trailing)])
    for curve in family.curves {
      table.append(
        StitchWords.meanCells(curve.map, curve.mean, curve.difference) + [
          .number(curve.means.min(), decimals: 3), .number(curve.means.max(), decimals: 3),
        ])
    }
    return table
  }

  private func chart(_ family: StitchCurves.SeedFamily) -> LineChart {
    let finetuned = family.pairs.compactMap { results.finetuned($0)?.accuracy }
    return StitchWords.chart(
      title(family),
      family.curves.map { curve in
        LineChart.Series(
          name: curve.map,
          points: curve.cuts.map {
            LineChart.Point(
              x: Double($0.kept), y: $0.mean.value, low: $0.mean.interval.low, high: $0.mean.interval.high,
              note: "\(family.pairs.count) seeds")
          }, spread: .bars, spreadName: "95% interval")
      }, chance: family.pairs.first.flatMap { results.chance($0) },
      finetuned: finetuned.isEmpty
        ? nil : ("fine-tuned, mean", finetuned.reduce(0, +) / Double(finetuned.count)))
  }
}
