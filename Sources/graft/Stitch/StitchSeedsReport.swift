import Reporting
import Stitching

/// What an experiment says over fine-tuned models that differ in their seed, as tables and charts.
struct StitchSeedsReport {
  private let results: StitchGridResults
  private let names: [String]

  /// - Parameter names: the experiment's models.
  init(_ results: StitchGridResults, names: [String]) {
    self.results = results
    self.names = names
  }

  /// One a set of seeds, seam and number of transplanted blocks.
  var tables: [Table] { sets.map(table) }

  var sections: [HTMLPage.Section] {
    sets.map { set in
      HTMLPage.Section(
        title(set),
        [
          .chart(
            chart(set),
            caption:
              "Mean accuracy of the seeds against the blocks kept. Bars are 95% intervals from resampling seeds and "
              + "reviews together."), .table(table(set)),
        ])
    }
  }

  /// Pairs whose fine-tuned models differ in their seed, a seam and a number of transplanted blocks.
  private struct SeedSet: Hashable {
    let pairs: [Int]
    let seam: String
    let transplanted: Int
  }

  private var sets: [SeedSet] {
    var all: [SeedSet] = []
    for curve in results.seedCurves {
      let set = SeedSet(pairs: curve.pairs, seam: curve.seam, transplanted: curve.transplanted)
      if !all.contains(set) { all.append(set) }
    }
    return all
  }

  private func curves(of set: SeedSet) -> [StitchGridResults.SeedCurve] {
    results.seedCurves.filter { $0.pairs == set.pairs && $0.seam == set.seam && $0.transplanted == set.transplanted }
  }

  private func title(_ set: SeedSet) -> String {
    let pairs = set.pairs.map { results.grid.pairs[$0] }
    let finetuned = pairs.map { names[$0.finetuned] }
    // runs/model/seed-1 and its like have their folder in common.
    let folder = Set(finetuned.map { $0.split(separator: "/").dropLast().joined(separator: "/") })
    let name = folder.count == 1 ? folder.first ?? "" : ""
    return
      "\(finetuned.count) seeds of \(name.isEmpty ? finetuned[0] : name) stitched onto \(names[pairs[0].pretrained]), "
      + "last \(set.transplanted), \(set.seam)"
  }

  private func table(_ set: SeedSet) -> Table {
    var table = Table(
      caption: title(set),
      columns: [
        .init("map"), .init("mean", .trailing), .init("95%"), .init("difference", .trailing), .init("95%"),
        .init("lowest seed", .trailing), .init("highest", .trailing),
      ])
    for curve in curves(of: set) {
      table.append([
        .init(curve.map), .number(curve.mean.value, decimals: 3),
        .interval(curve.mean.interval.low, curve.mean.interval.high, decimals: 3),
        .number(curve.difference?.value, decimals: 3), StitchExperimentReport.range(curve.difference?.interval),
        .number(curve.means.min(), decimals: 3), .number(curve.means.max(), decimals: 3),
      ])
    }
    return table
  }

  private func chart(_ set: SeedSet) -> LineChart {
    let finetuned = set.pairs.compactMap { results.finetuned($0)?.accuracy }
    let baselines = [
      set.pairs.first.flatMap { results.chance($0) }.map { ("chance", $0) },
      finetuned.isEmpty ? nil : ("fine-tuned, mean", finetuned.reduce(0, +) / Double(finetuned.count)),
    ].compactMap { $0 }
    return LineChart(
      title: title(set), subtitle: "", xAxis: .init("blocks kept", isWhole: true),
      yAxis: .init("accuracy", bounds: 0...1),
      series: curves(of: set).map { curve in
        LineChart.Series(
          name: curve.map,
          points: curve.cuts.map {
            LineChart.Point(
              x: Double($0.kept), y: $0.mean.value, low: $0.mean.interval.low, high: $0.mean.interval.high,
              note: "\(set.pairs.count) seeds")
          }, spread: .bars, spreadName: "95% interval")
      }, references: baselines.map { .init(name: $0.0, y: $0.1) })
  }
}
