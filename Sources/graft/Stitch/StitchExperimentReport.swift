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

  /// - Throws: `DigestError`.
  func json() throws -> JSON {
    guard case .object(let members) = stamp else { return stamp }
    return .object(members + (try results.members(facts: facts)))
  }

  /// `predictions.jsonl`, `report.html` and `results.json`. Throws `FileError`, `DigestError`.
  func write(to directory: String) throws {
    try writeJSONLines(records.lazy.map(\.json), to: directory + "/predictions.jsonl")
    let json = try json()
    try OutputFile.write(page(json), to: directory + "/report.html")
    try OutputFile.write(json.serialized(.pretty) + "\n", to: directory + "/results.json")
  }

  /// Seeds together where there are several; the page has the curves of each.
  func text(_ style: Style) -> String {
    (results.seedCurves.isEmpty ? families.map { curves($0) } : StitchSeedsReport(results, names: names).tables)
      .map { $0.text(style) + "\n" }.joined() + LabelOrder.lines(of: stamp, style)
  }

  private func page(_ json: JSON) -> String {
    let sections = families.map { family in
      HTMLPage.Section(
        title(family),
        [
          .chart(
            chart(family),
            caption: "Accuracy against the blocks kept. Bars are 95% Wilson intervals; bands span the draws of a map."),
          .table(curves(family)), .table(comparisons(family)),
        ] + (choice(family).map { [.paragraph($0)] } ?? []))
    }
    return HTMLPage(
      title: "Stitched models", subtitle: "\(results.points.count) points",
      provenance: Provenance(stamp: stamp, command: "graft experiment stitch results.json -o run"),
      sections: StitchSeedsReport(results, names: names).sections + sections + [
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

  private func choice(_ family: Family) -> String? {
    StitchReport.choice(
      points(family, "auto").compactMap { point in
        guard case .string(let chosen) = facts[point.point]?["chosen"] else { return nil }
        return (point.point.cell.kept, chosen)
      })
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
        .init(curve.map), .number(curve.mean.value, decimals: 3),
        .interval(curve.mean.interval.low, curve.mean.interval.high, decimals: 3),
        .number(curve.difference?.value, decimals: 3),
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

  /// Ends that may be negative.
  static func range(_ interval: Interval?) -> Table.Cell {
    interval.map { .init("\($0.low.fixed(3)) to \($0.high.fixed(3))", .faint) } ?? .init("–", .faint)
  }
}
