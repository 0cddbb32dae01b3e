import Evaluation
import Files
import Reporting
import Stitching

/// The results of an experiment as files, tables and charts, from its stamp and records alone.
struct StitchExperimentReport {
  private let stamp: JSON
  private let records: [StitchGridRecord]
  private let results: StitchGridResults
  private let names: [String]
  private let facts: [StitchGrid.Point: JSON]

  /// - Parameter facts: what each map is like.
  init(_ stamp: JSON, _ records: [StitchGridRecord], facts: [StitchGrid.Point: JSON]) throws {
    let node = JSONNode(stamp, path: "run.json")
    let grid = try StitchGrid(node)
    self.stamp = stamp
    self.facts = facts
    self.records = StitchGridRecord.sorted(records, seams: grid.seams)
    names = try node["models"].array().map { try $0["model"].string() }
    results = try StitchGridResults(records, grid: grid, seed: UInt64(clamping: try node["seed"].int()))
  }

  /// The facts that the results of a run hold. Throws `FileError`.
  static func facts(in directory: String) throws -> [StitchGrid.Point: JSON] {
    let points = try JSONNode.read(directory + "/results.json")["points"].array()
    return Dictionary(
      try points.compactMap { node in try node["facts"].value.map { (try StitchGrid.Point(node), $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  var json: JSON {
    guard case .object(let members) = stamp else { return stamp }
    return .object(members + results.members(facts: facts))
  }

  /// `predictions.jsonl`, `report.html` and `results.json`. Throws `FileError`.
  func write(to directory: String) throws {
    try writeLines(records.lazy.map(\.json), to: directory + "/predictions.jsonl")
    try OutputFile.write(page, to: directory + "/report.html")
    try OutputFile.write(json.serialized(.pretty) + "\n", to: directory + "/results.json")
  }

  /// Seeds together where there are several; the page has the curves of each.
  func text(_ style: Style) -> String {
    (results.seedCurves.isEmpty ? families.map { curves($0) } : seedSets.map { seedCurves($0) })
      .map { $0.text(style) + "\n" }.joined()
  }

  private var page: String {
    let seeds = seedSets.map { set in
      HTMLPage.Section(
        title(set),
        [
          .chart(
            seedChart(set),
            caption:
              "Mean accuracy of the seeds against the blocks kept. Bars and bands are 95% intervals from resampling seeds "
              + "and reviews together."), .table(seedCurves(set)),
        ])
    }
    let sections = families.map { family in
      HTMLPage.Section(
        title(family),
        [
          .chart(
            chart(family),
            caption: "Accuracy against the blocks kept. Bars are 95% Wilson intervals; bands span the draws of a map."),
          .table(curves(family)), .table(comparisons(family)),
        ])
    }
    return HTMLPage(
      title: "Stitched models", subtitle: "\(results.points.count) points",
      sections: seeds + sections + [
        HTMLPage.Section(
          "How to read it",
          [
            .paragraph(
              "mean is the accuracy over all cuts, its interval from resampling reviews; difference is against the first map, "
                + "review by review. Single cuts are compared by McNemar's exact test, corrected by Holm's method for all the "
                + "comparisons of a table. Where fine-tuned models differ in their seed alone, seeds and reviews are resampled "
                + "together (Multi-Bootstrap): those intervals are about other seeds too."),
            .details("Every number and option", json),
          ])
      ]
    ).html
  }

  /// A pair, a seam and a number of transplanted blocks.
  private struct Family: Hashable {
    let pair: Int
    let seam: String
    let transplanted: Int
  }

  private var families: [Family] {
    var all: [Family] = []
    for point in results.points.map(\.point) {
      let family = Family(pair: point.pair, seam: point.seam, transplanted: point.cell.transplanted)
      if all.last != family, !all.contains(family) { all.append(family) }
    }
    return all
  }

  private func title(_ family: Family) -> String {
    let pair = results.grid.pairs[family.pair]
    return
      "\(names[pair.finetuned]) stitched onto \(names[pair.pretrained]), last \(family.transplanted), \(family.seam)"
  }

  private func points(_ family: Family, _ map: String) -> [StitchGridResults.Point] {
    results.points.filter {
      $0.point.pair == family.pair && $0.point.seam == family.seam
        && $0.point.cell.transplanted == family.transplanted && $0.point.cell.map == map
    }
  }

  private func chart(_ family: Family) -> LineChart {
    func series(_ name: String, _ points: [StitchGridResults.Point], isDrawn: Bool) -> LineChart.Series {
      let cuts = Dictionary(grouping: points) { $0.point.cell.kept }.sorted { $0.key < $1.key }
      return LineChart.Series(
        name: name,
        points: cuts.map { kept, points in
          guard !isDrawn, let point = points.first else {
            return LineChart.Point(x: Double(kept), draws: points.map(\.accuracy))
          }
          return LineChart.Point(
            x: Double(kept), y: point.accuracy, low: point.interval.low, high: point.interval.high,
            note: "n = \(point.n)")
        }, spread: isDrawn ? .band : .bars, spreadName: isDrawn ? "range of draws" : "95% interval")
    }
    let own = results.own.filter {
      $0.point.pair == family.pair && $0.point.cell.transplanted == family.transplanted
    }
    let baselines = [
      results.chance(family.pair).map { ("chance", $0) },
      results.finetuned(family.pair).map { (names[results.grid.pairs[family.pair].finetuned], $0.accuracy) },
    ].compactMap { $0 }
    return LineChart(
      title: title(family), subtitle: "", xAxis: .init("blocks kept", isWhole: true),
      yAxis: .init("accuracy", bounds: 0...1),
      series: results.grid.pairs[family.pair].recipes.map { recipe in
        series(recipe.name, points(family, recipe.name), isDrawn: recipe.isDrawn)
      }.filter { !$0.points.isEmpty }
        + (own.isEmpty ? [] : [series(StitchCell.ownState, own, isDrawn: false)]),
      references: baselines.map { .init(name: $0.0, y: $0.1) })
  }

  private func curves(_ family: Family) -> Table {
    var table = Table(
      caption: title(family),
      columns: [
        .init("map"), .init("mean", .trailing), .init("95%"), .init("difference", .trailing), .init("95%"),
        .init("best", .trailing), .init("kept", .trailing),
      ])
    for curve in results.curves
    where curve.pair == family.pair && curve.seam == family.seam && curve.transplanted == family.transplanted {
      table.append([
        .init(curve.map), .number(curve.mean, decimals: 3),
        .interval(curve.interval.low, curve.interval.high, decimals: 3),
        .number(curve.difference?.mean, decimals: 3),
        Self.range(curve.difference?.interval),
        .number(curve.best.accuracy, decimals: 3), .count(curve.best.point.cell.kept),
      ])
    }
    return table
  }

  private func comparisons(_ family: Family) -> Table {
    var table = Table(
      caption: "Each map against the first, cut by cut",
      columns: [
        .init("map"), .init("kept", .trailing), .init("difference", .trailing), .init("95%"),
        .init("only first", .trailing),
        .init("only this", .trailing), .init("p", .trailing), .init("p, Holm", .trailing),
      ])
    for comparison in results.comparisons
    where comparison.first.pair == family.pair && comparison.first.seam == family.seam
      && comparison.first.cell.transplanted == family.transplanted
    {
      table.append([
        .init(comparison.second.cell.map), .count(comparison.second.cell.kept),
        .number(comparison.table.difference, decimals: 3),
        Self.range(comparison.table.differenceInterval),
        .count(comparison.table.onlyFirstCorrect), .count(comparison.table.onlySecondCorrect),
        .number(comparison.table.pValue, decimals: 4), .number(comparison.corrected, decimals: 4),
      ])
    }
    return table
  }

  /// Pairs whose fine-tuned models differ in their seed, a seam and a number of transplanted blocks.
  private struct SeedSet: Hashable {
    let pairs: [Int]
    let seam: String
    let transplanted: Int
  }

  private var seedSets: [SeedSet] {
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

  private func seedCurves(_ set: SeedSet) -> Table {
    var table = Table(
      caption: title(set),
      columns: [
        .init("map"), .init("mean", .trailing), .init("95%"), .init("difference", .trailing), .init("95%"),
        .init("lowest seed", .trailing), .init("highest", .trailing),
      ])
    for curve in curves(of: set) {
      table.append([
        .init(curve.map), .number(curve.mean, decimals: 3),
        .interval(curve.interval.low, curve.interval.high, decimals: 3),
        .number(curve.difference?.mean, decimals: 3), Self.range(curve.difference?.interval),
        .number(curve.means.min(), decimals: 3), .number(curve.means.max(), decimals: 3),
      ])
    }
    return table
  }

  private func seedChart(_ set: SeedSet) -> LineChart {
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
              x: Double($0.kept), y: $0.mean, low: $0.interval.low, high: $0.interval.high,
              note: "\(set.pairs.count) seeds")
          }, spread: .bars, spreadName: "95% interval")
      }, references: baselines.map { .init(name: $0.0, y: $0.1) })
  }

  /// Ends that may be negative.
  private static func range(_ interval: Interval?) -> Table.Cell {
    interval.map { .init("\($0.low.fixed(3)) to \($0.high.fixed(3))", .faint) } ?? .init("–", .faint)
  }
}
