import Evaluation
import Files
import Stitching

/// The results of an experiment as files, tables and charts, from its stamp and records alone.
package struct StitchExperimentReport {
  /// The stamp with everything that the records say.
  package let json: JSON
  private let records: [StitchRecord]
  private let results: StitchResults
  private let curves: StitchCurves
  private let seeds: StitchSeedsReport
  private let names: [String]
  /// One for all points, or one per part of a merge.
  private let processors: [String]
  private let facts: [StitchPoint: MapFacts]

  /// - Parameter facts: what each map is like.
  /// - Throws: `FileError` for a stamp that is none; `EvaluationError`, `DigestError`.
  package init(_ stamp: JSON, _ records: [StitchRecord], facts: [StitchPoint: MapFacts]) throws {
    let node = JSONNode(stamp, path: "run.json")
    let grid = try StitchGrid(node)
    self.facts = facts
    self.records = StitchRecord.sorted(records, seams: grid.seams)
    names = try node["models"].array().map { try $0["model"].string() }
    results = StitchResults(records, grid: grid)
    curves = try StitchCurves(results, facts: facts, seed: UInt64(clamping: try node["seed"].int()))
    seeds = StitchSeedsReport(curves, of: results, names: names)
    processors = node["processors"].isPresent ? try node["processors"].array().map { try $0.string() } : []
    json = try JSON(encoding: results.members(facts: facts, processors: processors) + stamp + curves)
  }

  /// `predictions.jsonl`, `report.html` and `results.json`. Throws `FileError`, `DigestError`.
  package func write(to directory: String) throws {
    try writeJSONLines(records, to: directory + "/predictions.jsonl")
    try OutputFile.write(page, to: directory + "/report.html")
    try OutputFile.write(json.serialized(.pretty) + "\n", to: directory + "/results.json")
  }

  package func text(_ style: Style) -> String {
    tables.map { $0.text(style) + "\n" }.joined() + LabelOrder.lines(of: json, style)
  }

  /// Seeds together where there are several; the page has the curves of each.
  package var tables: [Table] { curves.seeds.isEmpty ? curves.families.map(means) : seeds.tables }

  /// Of parts from several kinds of processor, which part is from which, in a sentence; nil where all are of one kind.
  package var processorKinds: String? { StitchWords.processorKinds(processors) }

  private var page: String {
    let cuts = results.automaticCuts(facts)
    let charts = ChartColumn(curves.families.map { chart($0.scores) }).charts
    let sections = zip(curves.families, charts).map { family, chart in
      HTMLPage.Section(
        title(family.scores),
        [
          .chart(
            chart,
            caption: "Accuracy against the blocks kept. Bars are 95% Wilson intervals; bands span the draws of a map."),
          .table(means(family)), .table(comparisons(family)),
        ] + (StitchWords.choice(family.scores, facts, cuts).map { [.paragraph($0)] } ?? []))
    }
    return HTMLPage(
      title: "Stitched models", subtitle: "\(results.points.count) points",
      provenance: Provenance(stamp: json, command: "graft experiment stitch results.json -o run"),
      sections: seeds.sections + sections + [
        HTMLPage.Section(
          "How to read it",
          [
            .paragraph(
              "mean is the accuracy over all cuts, its interval from resampling reviews; difference is against the first map, "
                + "review by review. Single cuts are compared by McNemar's exact test, corrected by Holm's method for all the "
                + "comparisons of a table. Where fine-tuned models differ in their seed alone, seeds and reviews are resampled "
                + "together (Multi-Bootstrap): those intervals are about other seeds too.")
          ] + (processorKinds.map { [.paragraph($0)] } ?? []) + [.details("Every number and option", json)])
      ]
    ).html
  }

  private func title(_ family: StitchFamily) -> String {
    let pair = results.grid.pairs[family.pair]
    return
      "\(names[pair.finetuned]) stitched onto \(names[pair.pretrained]), last \(family.transplanted), \(family.seam)"
  }

  private func chart(_ family: StitchFamily) -> LineChart {
    let name = names[results.grid.pairs[family.pair].finetuned]
    return StitchWords.chart(
      title(family), StitchWords.series(family), chance: results.chance(family.pair),
      finetuned: results.finetuned(family.pair).map { (name, $0.accuracy) })
  }

  private func means(_ family: StitchCurves.Family) -> Table {
    var table = Table(
      caption: title(family.scores),
      columns: StitchWords.meanColumns + [.init("best", .trailing), .init("kept", .trailing)])
    for curve in family.curves {
      table.append(
        StitchWords.meanCells(curve.map, curve.mean, curve.difference) + [
          .number(curve.best.accuracy, decimals: 3), .count(curve.best.point.cut.kept),
        ])
    }
    return table
  }

  private func comparisons(_ family: StitchCurves.Family) -> Table {
    var table = Table(
      caption: "Each map against the first, cut by cut",
      columns: [
        .init("map"), .init("kept", .trailing), .init("difference", .trailing), .init("95%"),
        .init("only first", .trailing),
        .init("only this", .trailing), .init("p", .trailing), .init("p, Holm", .trailing),
      ])
    for comparison in family.comparisons {
      table.append([
        .init(comparison.second.map), .count(comparison.second.cut.kept),
        .number(comparison.table.difference, decimals: 3),
        StitchWords.range(comparison.table.differenceInterval),
        .count(comparison.table.onlyFirstCorrect), .count(comparison.table.onlySecondCorrect),
        .number(comparison.table.pValue, decimals: 4), .number(comparison.corrected, decimals: 4),
      ])
    }
    return table
  }
}
