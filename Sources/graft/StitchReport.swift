import Evaluation
import Files
import Reporting
import Stitching

/// A sweep as a picture and a table, on a terminal and as a page.
struct StitchReport {
  private let results: StitchResults
  private let models: StitchPair
  private let dataset: Dataset

  init(_ results: StitchResults, models: StitchPair, dataset: Dataset) {
    self.results = results
    self.models = models
    self.dataset = dataset
  }

  func text(_ style: Style) -> String {
    transplanted.map { chart($0).text(style) + "\n" + accuracies($0).text(style) }.joined(separator: "\n")
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
        ])
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
            + "norm without any knowledge, and pinv with the tokens permuted. self feeds \(models.finetuned.name) its own "
            + "hidden states; its end is that model itself, accuracy \(results.finetuned.accuracy.fixed(4))."),
        .command(command), .details("Every number and option", stamp),
      ])
    return HTMLPage(
      title: "\(models.finetuned.name) stitched onto \(models.pretrained.name)",
      subtitle: "\(n) reviews of \(dataset.name)", sections: sections + [reading]
    ).html
  }

  /// m, every number there is.
  private var transplanted: [Int] { Set(results.own.map(\.cell.transplanted)).sorted() }

  /// The maps there are, in the order of their definition.
  private var kinds: [StitchingMap.Kind] {
    StitchingMap.Kind.allCases.filter { kind in results.points.contains { $0.cell.map == kind.rawValue } }
  }

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

  /// Every accuracy, and the range of what is drawn. Fits a terminal of 80 columns.
  private func accuracies(_ transplanted: Int) -> Table {
    let n = results.finetuned.n
    let widest = Interval.wilson(successes: n / 2, of: n)
    let halfWidth = ((widest.high - widest.low) / 2).fixed(3)
    let curves = curves(transplanted)
    var table = Table(
      caption: "Accuracy, at most ±\(halfWidth) (95%); range: of the draws of a random map",
      columns: [Table.Column("kept", .trailing)]
        + curves.flatMap { [Table.Column($0.name, .trailing)] + ($0.isDrawn ? [Table.Column("range")] : []) })
    for kept in rows(of: curves) {
      table.append(
        [.count(kept)]
          + curves.flatMap { curve -> [Table.Cell] in
            let values = curve.points(kept).map(\.accuracy)
            guard let low = values.min(), let high = values.max() else { return curve.isDrawn ? ["", ""] : [""] }
            let mean = Table.Cell.number(values.reduce(0, +) / Double(values.count), decimals: 3)
            return curve.isDrawn ? [mean, .interval(low, high, decimals: 2)] : [mean]
          })
    }
    return table
  }

  /// The intervals of what is not drawn; beside the accuracies they would make a table too wide to read.
  private func intervals(_ transplanted: Int) -> Table {
    let curves = curves(transplanted).filter { !$0.isDrawn }
    var table = Table(
      caption: "95% Wilson intervals",
      columns: [Table.Column("kept", .trailing)] + curves.map { Table.Column($0.name) })
    for kept in rows(of: curves) {
      table.append(
        [.count(kept)]
          + curves.map { curve in
            curve.points(kept).first.map { .interval($0.interval.low, $0.interval.high, decimals: 3) } ?? ""
          })
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
    return kinds.map { kind in
      Curve(
        name: kind.rawValue, isDrawn: kind.isDrawn,
        all: results.points.filter { $0.cell.map == kind.rawValue && $0.cell.transplanted == transplanted })
    } + [Curve(name: StitchCell.ownState, isDrawn: false, all: own)]
  }

  private func rows(of curves: [Curve]) -> [Int] { Set(curves.flatMap(\.all).map(\.cell.kept)).sorted() }
}
