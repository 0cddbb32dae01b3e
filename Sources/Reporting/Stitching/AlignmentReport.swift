import Files
import Foundation
import Stitching
import Transformer

/// Alignments as tables and heat maps, on a terminal and as a page.
package struct AlignmentReport {
  private let pairs: [AlignedPair]
  private let summary: AlignmentSummary

  package init(_ pairs: [AlignedPair], _ summary: AlignmentSummary) {
    self.pairs = pairs
    self.summary = summary
  }

  /// Those of each pair, then the means over several.
  package var tables: [Table] {
    pairs.flatMap { pair in [Self.assignments(pair)] + Self.vectorTables(pair).map(\.table) }
      + (summary.models > 2 ? [summaryTable] : [])
  }

  /// `report.html`, `results.json`, and `A-B-GROUP-SPACE.svg` for each heat map, A and B by their places.
  /// - Throws: `FileError`.
  package func write(to directory: String, stamp: JSON, command: String) throws {
    try OutputFolder.create(directory)
    for pair in pairs {
      for group in pair.groups {
        try OutputFile.write(
          Self.heatMap(group, of: pair).svg(),
          to: "\(directory)/\(pair.first)-\(pair.second)-\(group.kind.symbol)-\(group.space.rawValue).svg")
      }
    }
    try OutputFile.write(page(stamp, command), to: directory + "/report.html")
    try OutputFile.write(stamp.serialized(.pretty) + "\n", to: directory + "/results.json")
  }

  private func page(_ stamp: JSON, _ command: String) -> String {
    let sections = pairs.map { pair in
      HTMLPage.Section(
        "\(pair.names.0) against \(pair.names.1)",
        [.table(Self.assignments(pair))]
          + pair.groups.flatMap { group in
            [HTMLPage.Block.heatMap(Self.heatMap(group, of: pair), caption: Self.name(group, of: pair))]
              + Self.vectorTables(pair).filter { $0.kind == group.kind && $0.space == group.space }
              .map { .table($0.table) }
          })
    }
    let names = pairs.flatMap { [$0.names.0, $0.names.1] }
    let overview =
      summary.models > 2
      ? [HTMLPage.Section("All pairs of \(summary.models) models", [.table(summaryTable)])] : []
    let reading = HTMLPage.Section(
      "How to read it",
      [
        .paragraph(
          "A cell is the mean absolute Pearson correlation of all pairs of parameter vectors of two layers: in embedding "
            + "space of their scores over the vocabulary, in feature space of their coordinates. A marked cell is in the "
            + "assignment of layers to layers with the highest total. margin is how far the next best assignment falls "
            + "behind: an assignment with a small margin is little better than another one."),
        .details("Every number and option", stamp),
      ])
    return HTMLPage(
      title: "Alignment of " + (summary.models > 2 ? "\(summary.models) models" : names.joined(separator: " and ")),
      subtitle: "Which layers do the same, from the parameters alone",
      provenance: Provenance(stamp: stamp, command: command), sections: overview + sections + [reading]
    ).html
  }

  /// Every group of every pair, two beside each other, those of one space in the same colours.
  package var picture: HeatMapRows {
    var ranges: [AlignmentSpace: ClosedRange<Double>] = [:]
    for group in pairs.flatMap(\.groups) {
      for score in group.alignment.scores.values {
        let range = ranges[group.space] ?? score...score
        ranges[group.space] = min(range.lowerBound, score)...max(range.upperBound, score)
      }
    }
    return HeatMapRows(
      pairs.flatMap { pair in pair.groups.map { Self.heatMap($0, of: pair, range: ranges[$0.space]) } }, perRow: 2)
  }

  private static func name(_ group: AlignedPair.Group, of pair: AlignedPair) -> String {
    "\(group.kind.symbol) in \(group.space.rawValue) space; \(axes(pair))"
  }

  private static func axes(_ pair: AlignedPair) -> String {
    "layers of \(pair.names.0) upward, of \(pair.names.1) across"
  }

  /// - Parameter range: of the colours; nil for that of the group.
  private static func heatMap(
    _ group: AlignedPair.Group, of pair: AlignedPair, range: ClosedRange<Double>? = nil
  ) -> HeatMap {
    let scores = group.alignment.scores
    let assigned = Set(group.alignment.assignment.pairs)
    let (low, high) = (
      range?.lowerBound ?? scores.values.min() ?? 0, range?.upperBound ?? scores.values.max() ?? 1
    )
    return HeatMap(
      title: "\(group.kind.symbol) in \(group.space.rawValue) space", subtitle: Self.axes(pair),
      columns: (0..<scores.columns).map { "L\($0)" },
      rows: (0..<scores.rows).map { row in
        .init(
          "L\(row)",
          (0..<scores.columns).map { column in
            let score = scores[row, column]
            return HeatMap.Cell(
              values: [score], isMarked: assigned.contains(.init(row: row, column: column)))
          })
      },
      statistics: [.init("mean |correlation|", range: low...max(low, high), decimals: 4)],
      xTitle: "layer of \(pair.names.1)", yTitle: "layer of \(pair.names.0)", markMeaning: "assigned to each other")
  }

  private static func assignments(_ pair: AlignedPair) -> Table {
    var table = Table(
      caption: "\(pair.names.0) against \(pair.names.1), \(pair.sharedTokens.grouped) shared tokens",
      columns: [
        .init("space"), .init("group"), .init("hits", .trailing), .init("offset", .trailing),
        .init("margin", .trailing), .init("assigned layer for each layer of \(pair.names.0)"),
      ])
    for group in pair.groups {
      let alignment = group.alignment
      let partners = Dictionary(uniqueKeysWithValues: alignment.assignment.pairs.map { ($0.row, $0.column) })
      let list = (0..<alignment.scores.rows).map { partners[$0].map(String.init) ?? "–" }.joined(separator: " ")
      table.append([
        .init(group.space.rawValue, .faint), .init(group.kind.symbol),
        "\(alignment.diagonalHits)/\(alignment.assignment.pairs.count)",
        .number(alignment.meanOffset, decimals: 2), .number(alignment.margin, decimals: 5), .init(list),
      ])
    }
    return table
  }

  private static func vectorTables(
    _ pair: AlignedPair
  ) -> [(kind: ParameterKind, space: AlignmentSpace, table: Table)] {
    pair.groups.filter { !$0.layers.isEmpty }.map { group in
      var table = Table(
        caption: "Closest vectors of \(group.kind.symbol) in \(group.space.rawValue) space, with their first tokens",
        columns: [
          .init(pair.names.0, .trailing), .init(pair.names.1, .trailing), .init("correlation", .trailing),
          .init("tokens of \(pair.names.0)"), .init("tokens of \(pair.names.1)"),
        ])
      for layers in group.layers {
        for match in layers.closest {
          table.append([
            .init("\(match.places.a)"), .init("\(match.places.b)"),
            .number(Double(match.vectors.correlation), decimals: 3), .init(match.tokensOfA.joined(separator: " ")),
            .init(match.tokensOfB.joined(separator: " ")),
          ])
        }
      }
      return (group.kind, group.space, table)
    }
  }

  private var summaryTable: Table {
    var table = Table(
      caption: "All \(pairs.count) pairs: mean, and 95% interval over models",
      columns: [.init("space"), .init("group")]
        + ["diagonal", "offset", "margin"].flatMap { [Table.Column($0, .trailing), Table.Column("95%")] })
    for line in summary.lines {
      table.append(
        [.init(line.space.rawValue, .faint), .init(line.kind.symbol)]
          + [(line.hits, 2), (line.offset, 2), (line.margin, 5)].flatMap { statistic, decimals in
            [
              Table.Cell.number(statistic.mean, decimals: decimals),
              .interval(statistic.interval?.low, statistic.interval?.high, decimals: decimals),
            ]
          })
    }
    return table
  }
}
