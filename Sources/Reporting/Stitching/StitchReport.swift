import Evaluation
import Files
import Stitching

/// A grid of one pair and one seam as a chart and a table, on a terminal and as a page.
package struct StitchReport {
  private let results: StitchResults
  private let facts: [StitchPoint: MapFacts]
  private let names: (a: String, b: String)
  private let dataset: String
  private let finetuned: StitchResults.Score?
  private let families: [StitchFamily]
  private let cuts: [AutomaticCut]

  /// - Parameter names: of the two models.
  package init(_ results: StitchResults, facts: [StitchPoint: MapFacts], names: (String, String), dataset: String) {
    self.results = results
    self.facts = facts
    self.names = names
    self.dataset = dataset
    finetuned = results.finetuned(0)
    families = results.families
    cuts = results.automaticCuts(facts)
  }

  package func text(_ style: Style) -> String {
    zip(families, figure.charts).map { family, chart in
      chart.text(style) + "\n" + accuracies(family).text(style)
        + (StitchWords.choice(family, facts, cuts).map { style.painted($0, .faint) + "\n" } ?? "")
    }.joined(separator: "\n") + "\n" + mapTable.text(style)
  }

  /// The accuracies below each chart, then what the maps are like.
  package var tables: [Table] { families.map(accuracies) + [mapTable] }

  /// The charts, one per number of transplanted blocks.
  package var figure: ChartColumn { ChartColumn(families.map(chart)) }

  /// - Parameters:
  ///   - stamp: the results with everything that repeats them.
  ///   - command: the command line that makes this run again.
  package func page(stamp: JSON, command: String) -> String {
    let sections = zip(families, figure.charts).map { family, chart in
      HTMLPage.Section(
        "The last \(blocks(family)) of \(names.b)",
        [
          .chart(
            chart,
            caption:
              "Accuracy on \(reviews) reviews against the blocks kept of \(names.a). Bars are 95% Wilson "
              + "intervals; bands span the draws of a random map."),
          .table(accuracies(family)), .table(intervals(family)),
        ] + (StitchWords.choice(family, facts, cuts).map { [.paragraph($0)] } ?? []))
    }
    let reading = HTMLPage.Section(
      "How to read it",
      [
        .paragraph(
          "The first blocks of \(names.a), which was only pretrained, make a hidden state. The map carries it "
            + "into the space of \(names.b), whose last blocks and classifier answer. Nothing is trained."
        ),
        .paragraph(
          "pinv is the paper's map, E_A E_B⁺; transpose is E_A E_Bᵀ. random and shuffled are controls: a map of the same "
            + "norm without any knowledge, and pinv with the tokens permuted. The other maps and their equations are in "
            + "docs/stitching.md. self feeds \(names.b) its own "
            + "hidden states; its end is that model itself, accuracy \((finetuned?.accuracy ?? .nan).fixed(4))."),
        .table(mapTable), .details("Every number and option", stamp),
      ])
    return HTMLPage(
      title: "\(names.b) stitched onto \(names.a)",
      subtitle: "\(reviews) reviews of \(dataset)", provenance: Provenance(stamp: stamp, command: command),
      sections: sections + [reading]
    ).html
  }

  private var reviews: Int { finetuned?.n ?? 0 }

  private func chart(_ family: StitchFamily) -> LineChart {
    StitchWords.chart(
      "\(names.b) stitched onto \(names.a)",
      subtitle: "last \(blocks(family)) transplanted, \(reviews.counted("review"))", StitchWords.series(family),
      chance: results.chance(0), finetuned: finetuned.map { (names.b, $0.accuracy) })
  }

  /// "block", "2 blocks": what follows "the last".
  private func blocks(_ family: StitchFamily) -> String {
    family.transplanted == 1 ? "block" : "\(family.transplanted) blocks"
  }

  /// A row of the tables: a map, or the model fed its own states.
  private typealias Curve = (name: String, isDrawn: Bool, scores: [StitchResults.Score])

  private func curves(_ family: StitchFamily) -> [Curve] {
    family.maps.map { ($0.recipe.name, $0.recipe.isDrawn, $0.scores) } + [(StitchPoint.ownState, false, family.own)]
  }

  private func kept(_ curves: [Curve]) -> [Int] { Set(curves.flatMap(\.scores).map(\.point.cut.kept)).sorted() }

  /// Every accuracy, one row per map; a drawn one has the mean, the lowest and the highest of its draws.
  private func accuracies(_ family: StitchFamily) -> Table {
    let widest = Interval.wilson(successes: reviews / 2, of: reviews)
    let halfWidth = ((widest.high - widest.low) / 2).fixed(3)
    let curves = curves(family)
    let kept = kept(curves)
    var table = Table(
      caption: "Accuracy by blocks kept, last \(blocks(family)) transplanted, at most ±\(halfWidth) (95%)",
      columns: [Table.Column("map")] + kept.map { Table.Column("\($0)", .trailing) })
    for curve in curves {
      func row(_ name: String, _ value: ([Double]) -> Double?) {
        table.append(
          [Table.Cell(name)]
            + kept.map { kept in
              value(curve.scores.filter { $0.point.cut.kept == kept }.map(\.accuracy)).map {
                .number($0, decimals: 3)
              } ?? ""
            })
      }
      row(curve.name) { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
      guard curve.isDrawn, curve.scores.contains(where: { $0.point.draw > 0 }) else { continue }
      row("  lowest of the draws") { $0.min() }
      row("  highest") { $0.max() }
    }
    return table
  }

  /// The intervals of what is not drawn; beside the accuracies they would make a table too wide to read.
  private func intervals(_ family: StitchFamily) -> Table {
    let curves = curves(family).filter { !$0.isDrawn }
    let kept = kept(curves)
    var table = Table(
      caption: "95% Wilson intervals",
      columns: [Table.Column("map")] + kept.map { Table.Column("\($0)") })
    for curve in curves {
      table.append(
        [Table.Cell(curve.name)]
          + kept.map { kept in
            curve.scores.first { $0.point.cut.kept == kept }.map {
              .interval($0.interval.low, $0.interval.high, decimals: 3)
            } ?? ""
          })
    }
    return table
  }

  /// What the maps are like by themselves: means over the cuts, the first draw of a drawn one.
  private var mapTable: Table {
    let measured = facts.values.contains { $0.similarity != nil }
    var table = Table(
      caption: measured
        ? "The maps: means over the cuts; CKA, cosine and shared top 10 tokens of mapped and own states on texts that no map saw"
        : "The maps: condition of S, and the share of E_A that S E_B does not give back",
      columns: [Table.Column("map"), Table.Column("condition", .trailing), Table.Column("residual", .trailing)]
        + (measured ? ["CKA", "cosine", "top 10"].map { Table.Column($0, .trailing) } : []))
    for recipe in results.grid.pairs[0].recipes {
      let own = results.grid.points.filter { $0.map == recipe.name && $0.draw == 0 }.compactMap { facts[$0] }
      func mean(_ value: (MapFacts) -> Double?) -> Double {
        let values = own.compactMap(value)
        return values.reduce(0, +) / Double(max(values.count, 1))
      }
      let condition = mean(\.condition)
      table.append(
        [
          Table.Cell(recipe.name), condition < 1e5 ? .number(condition, decimals: 1) : Table.Cell("> 100,000"),
          .number(mean(\.residual), decimals: 3),
        ]
          + (measured
            ? [
              .number(mean { $0.similarity?.alignment }, decimals: 3),
              .number(mean { $0.similarity?.cosine }, decimals: 3),
              .number(mean { $0.similarity?.tokenOverlap }, decimals: 3),
            ] : []))
    }
    return table
  }
}
