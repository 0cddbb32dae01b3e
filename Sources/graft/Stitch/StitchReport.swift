import Evaluation
import Files
import Reporting
import Stitching

/// A sweep as a picture and a table, on a terminal and as a page.
struct StitchReport {
  private let results: StitchResults
  private let models: StitchPair
  private let dataset: Dataset
  /// The maps, in the order asked for.
  private let recipes: [MapRecipe]
  private let facts: [MapFacts]

  init(
    _ results: StitchResults, models: StitchPair, dataset: Dataset, recipes: [MapRecipe], facts: [MapFacts]
  ) {
    self.results = results
    self.recipes = recipes
    self.facts = facts
    self.models = models
    self.dataset = dataset
  }

  func text(_ style: Style) -> String {
    transplanted.map { count in
      chart(count).text(style) + "\n" + accuracies(count).text(style)
        + (choice(count).map { style.painted($0, .faint) + "\n" } ?? "")
    }.joined(separator: "\n") + "\n" + mapTable.text(style)
  }

  /// - Parameters:
  ///   - stamp: the results with everything that repeats them.
  ///   - command: the command line that makes this run again.
  func page(stamp: JSON, command: String) -> String {
    let n = results.finetuned.n
    let sections = transplanted.map { count in
      HTMLPage.Section(
        "The last \(Self.blocks(count)) of \(models.finetuned.name)",
        [
          .chart(
            chart(count),
            caption:
              "Accuracy on \(n) reviews against the blocks kept of \(models.pretrained.name). Bars are 95% Wilson "
              + "intervals; bands span the draws of a random map."),
          .table(accuracies(count)), .table(intervals(count)),
        ] + (choice(count).map { [.paragraph($0)] } ?? []))
    }
    let reading = HTMLPage.Section(
      "How to read it",
      [
        .paragraph(
          "The first blocks of \(models.pretrained.name), which was only pretrained, make a hidden state. The map carries it "
            + "into the space of \(models.finetuned.name), whose last blocks and classifier answer. Nothing is trained."
        ),
        .paragraph(
          "pinv is the paper's map, E_A E_B⁺; transpose is E_A E_Bᵀ. random and shuffled are controls: a map of the same "
            + "norm without any knowledge, and pinv with the tokens permuted. The other maps and their equations are in "
            + "docs/stitching.md. self feeds \(models.finetuned.name) its own "
            + "hidden states; its end is that model itself, accuracy \(results.finetuned.accuracy.fixed(4))."),
        .table(mapTable), .details("Every number and option", stamp),
      ])
    return HTMLPage(
      title: "\(models.finetuned.name) stitched onto \(models.pretrained.name)",
      subtitle: "\(n) reviews of \(dataset.name)", provenance: Provenance(stamp: stamp, command: command),
      sections: sections + [reading]
    ).html
  }

  private func choice(_ transplanted: Int) -> String? {
    let own = facts.filter { $0.cell.transplanted == transplanted }
    return Self.choice(own.compactMap { fact in fact.chosen.map { (fact.cell.kept, $0.name) } })
  }

  /// What `auto` came to at each cut, in a sentence; nil where it was not asked for.
  static func choice(_ chosen: [(kept: Int, map: String)]) -> String? {
    guard !chosen.isEmpty else { return nil }
    let cuts = chosen.sorted { $0.kept < $1.kept }.map { "\($0.map) (\($0.kept))" }
    return "auto chose, by blocks kept: " + cuts.joined(separator: ", ")
  }

  /// m, every number there is.
  private var transplanted: [Int] { Set(results.own.map(\.cell.transplanted)).sorted() }

  private func chart(_ transplanted: Int) -> LineChart {
    let series = curves(transplanted).map { curve in
      LineChart.Series(
        name: curve.name,
        points: rows(of: [curve]).map { kept in
          let points = curve.points(kept)
          guard !curve.isDrawn, let point = points.first else {
            return LineChart.Point(x: Double(kept), draws: points.map(\.accuracy))
          }
          return LineChart.Point(
            x: Double(kept), y: point.accuracy, low: point.interval.low, high: point.interval.high,
            note: "n = \(point.n)")
        }, spread: curve.isDrawn ? .band : .bars, spreadName: curve.isDrawn ? "range of draws" : "95% interval")
    }
    return LineChart(
      title: "\(models.finetuned.name) stitched onto \(models.pretrained.name)",
      subtitle: "last \(Self.blocks(transplanted)) transplanted, \(results.finetuned.n.counted("review"))",
      xAxis: .init("blocks kept", isWhole: true), yAxis: .init("accuracy", bounds: 0...1), series: series,
      references: [
        .init(name: "chance", y: results.chance), .init(name: models.finetuned.name, y: results.finetuned.accuracy),
      ])
  }

  /// "block", "2 blocks": what follows "the last".
  private static func blocks(_ count: Int) -> String { count == 1 ? "block" : "\(count) blocks" }

  /// Every accuracy, a row a map; a drawn one has the mean, the lowest and the highest of its draws.
  private func accuracies(_ transplanted: Int) -> Table {
    let n = results.finetuned.n
    let widest = Interval.wilson(successes: n / 2, of: n)
    let halfWidth = ((widest.high - widest.low) / 2).fixed(3)
    let curves = curves(transplanted)
    let kept = rows(of: curves)
    var table = Table(
      caption: "Accuracy by blocks kept, at most ±\(halfWidth) (95%)",
      columns: [Table.Column("map")] + kept.map { Table.Column("\($0)", .trailing) })
    for curve in curves {
      func row(_ name: String, _ value: ([Double]) -> Double?) {
        table.append(
          [Table.Cell(name)]
            + kept.map { value(curve.points($0).map(\.accuracy)).map { .number($0, decimals: 3) } ?? "" })
      }
      row(curve.name) { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
      guard curve.isDrawn, curve.all.contains(where: { $0.cell.draw > 0 }) else { continue }
      row("  lowest of the draws") { $0.min() }
      row("  highest") { $0.max() }
    }
    return table
  }

  /// The intervals of what is not drawn; beside the accuracies they would make a table too wide to read.
  private func intervals(_ transplanted: Int) -> Table {
    let curves = curves(transplanted).filter { !$0.isDrawn }
    let kept = rows(of: curves)
    var table = Table(
      caption: "95% Wilson intervals",
      columns: [Table.Column("map")] + kept.map { Table.Column("\($0)") })
    for curve in curves {
      table.append(
        [Table.Cell(curve.name)]
          + kept.map { kept in
            curve.points(kept).first.map { .interval($0.interval.low, $0.interval.high, decimals: 3) } ?? ""
          })
    }
    return table
  }

  /// What the maps are like by themselves: means over the cuts, the first draw of a drawn one.
  private var mapTable: Table {
    let measured = facts.contains { $0.similarity != nil }
    var table = Table(
      caption: measured
        ? "The maps: means over the cuts; CKA, cosine and shared top 10 tokens of mapped and own states on texts that no map saw"
        : "The maps: condition of S, and the share of E_A that S E_B does not give back",
      columns: [Table.Column("map"), Table.Column("condition", .trailing), Table.Column("residual", .trailing)]
        + (measured ? ["CKA", "cosine", "top 10"].map { Table.Column($0, .trailing) } : []))
    for recipe in recipes {
      let own = facts.filter { $0.cell.map == recipe.name && $0.cell.draw == 0 }
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

  /// A column of the tables: every point of a map, or of the model fed its own states.
  private struct Curve {
    let name: String
    let isDrawn: Bool
    let all: [StitchResults.Point]

    func points(_ kept: Int) -> [StitchResults.Point] { all.filter { $0.cell.kept == kept } }
  }

  private func curves(_ transplanted: Int) -> [Curve] {
    let own = results.own.filter { $0.cell.transplanted == transplanted }
    return recipes.map { recipe in
      Curve(
        name: recipe.name, isDrawn: recipe.isDrawn,
        all: results.points.filter { $0.cell.map == recipe.name && $0.cell.transplanted == transplanted })
    } + [Curve(name: StitchCell.ownState, isDrawn: false, all: own)]
  }

  private func rows(of curves: [Curve]) -> [Int] { Set(curves.flatMap(\.all).map(\.cell.kept)).sorted() }
}
