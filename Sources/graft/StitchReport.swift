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
    transplanted.map { chart($0).text(style) + "\n" + summary($0).text(style) }.joined(separator: "\n")
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
          .table(table(count)),
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

  private func points(_ kind: StitchingMap.Kind, _ transplanted: Int, kept: Int) -> [StitchResults.Point] {
    results.points.filter {
      $0.cell.map == kind.rawValue && $0.cell.transplanted == transplanted && $0.cell.kept == kept
    }
  }

  private var kept: [Int] { Set(results.points.map(\.cell.kept)).sorted() }

  private func chart(_ transplanted: Int) -> LineChart {
    let curves = kinds.map { kind in
      LineChart.Series(
        name: kind.rawValue,
        points: kept.map { kept in
          let draws = points(kind, transplanted, kept: kept)
          guard !kind.isDrawn, let point = draws.first else {
            return LineChart.Point(x: Double(kept), draws: draws.map(\.accuracy))
          }
          return Self.chartPoint(point)
        }, spread: kind.isDrawn ? .band : .bars,
        spreadName: kind.isDrawn ? "range of draws" : "95% interval")
    }
    let own = LineChart.Series(
      name: StitchCell.ownState,
      points: results.own.filter { $0.cell.transplanted == transplanted }.map(Self.chartPoint), spread: .bars,
      spreadName: "95% interval")
    return LineChart(
      title: "\(models.finetuned.name) stitched onto \(models.pretrained.name)",
      subtitle: "last \(Self.blocks(transplanted)) transplanted, \(results.finetuned.n.counted("review"))",
      xAxis: .init("blocks kept", isWhole: true), yAxis: .init("accuracy", bounds: 0...1), series: curves + [own],
      references: [
        .init(name: "chance", y: results.chance), .init(name: models.finetuned.name, y: results.finetuned.accuracy),
      ])
  }

  /// "block", "2 blocks": what follows "the last".
  private static func blocks(_ count: Int) -> String { count == 1 ? "block" : "\(count) blocks" }

  private static func chartPoint(_ point: StitchResults.Point) -> LineChart.Point {
    LineChart.Point(
      x: Double(point.cell.kept), y: point.accuracy, low: point.interval.low, high: point.interval.high,
      note: "n = \(point.n)")
  }

  /// Every accuracy and interval, for the page.
  private func table(_ transplanted: Int) -> Table {
    table(
      transplanted,
      caption: "Accuracy with its 95% interval; of random and shuffled maps the mean and range of the draws"
    ) { _ in
      3
    }
  }

  /// Narrow enough for a terminal of 80 columns: accuracies, and the range of what is drawn.
  private func summary(_ transplanted: Int) -> Table {
    let n = results.finetuned.n
    let widest = Interval.wilson(successes: n / 2, of: n)
    return table(
      transplanted,
      caption:
        "Accuracy, at most ±\(((widest.high - widest.low) / 2).fixed(3)) (95%); range: of the draws of a random map"
    ) { isDrawn in
      isDrawn ? 2 : nil
    }
  }

  /// - Parameter decimals: of the range beside a mean of draws, and of the interval beside another accuracy; nil for none.
  private func table(_ transplanted: Int, caption: String, decimals: (_ isDrawn: Bool) -> Int?) -> Table {
    let own = results.own.filter { $0.cell.transplanted == transplanted }
    let curves =
      kinds.map { kind in
        (name: kind.rawValue, isDrawn: kind.isDrawn, points: { points(kind, transplanted, kept: $0) })
      } + [(name: StitchCell.ownState, isDrawn: false, points: { row in own.filter { $0.cell.kept == row } })]
    var table = Table(
      caption: caption,
      columns: [Table.Column("kept", .trailing)]
        + curves.flatMap { curve in
          [Table.Column(curve.name, .trailing)]
            + (decimals(curve.isDrawn) == nil ? [] : [Table.Column(curve.isDrawn ? "range" : "interval")])
        })
    for row in Set(kept + own.map(\.cell.kept)).sorted() {
      table.append(
        [.count(row)]
          + curves.flatMap { curve -> [Table.Cell] in
            let (mean, spread) = Self.summary(curve.points(row), isDrawn: curve.isDrawn)
            return [mean.map { .number($0, decimals: 3) } ?? ""]
              + (decimals(curve.isDrawn).map { decimals in
                [spread.map { .interval($0.low, $0.high, decimals: decimals) } ?? ""]
              } ?? [])
          })
    }
    return table
  }

  /// The mean of draws with their range, or one accuracy with its interval.
  private static func summary(
    _ points: [StitchResults.Point], isDrawn: Bool
  ) -> (mean: Double?, spread: Interval?) {
    guard let first = points.first else { return (nil, nil) }
    let values = points.map(\.accuracy)
    guard isDrawn, let low = values.min(), let high = values.max() else { return (first.accuracy, first.interval) }
    return (values.reduce(0, +) / Double(values.count), Interval(low: low, high: high))
  }
}
