import Foundation
import Reporting

/// A stitching experiment's curves, as the command passes them.
enum Example {
  static let provenance = Provenance(
    version: "1.2.3", command: "graft lens 'a model'", models: [.init("a model", sha256: "0123abcd")],
    datasets: [.init("reviews.jsonl", sha256: "4567ef")])

  static let draws: [[Double]] = [
    [0.4825, 0.5, 0.4975, 0.51, 0.505], [0.5, 0.4925, 0.52, 0.495, 0.5], [0.5025, 0.4875, 0.515, 0.5, 0.49],
    [0.4975, 0.48, 0.5, 0.51, 0.505], [0.5, 0.4925, 0.5175, 0.485, 0.5],
  ]

  static let chart = LineChart(
    title: "BERT, fine-tuned layers on pretrained ones",
    subtitle: "400 IMDB test reviews; the last 2 layers and the classifier are the fine-tuned model's.",
    xAxis: LineChart.Axis("kept layers", isWhole: true), yAxis: LineChart.Axis("accuracy", bounds: 0...1),
    series: [
      series("pinv", [0.50, 0.52, 0.58, 0.66, 0.695]),
      series("transpose", [0.5, 0.535, 0.5475, 0.56, 0.555]),
      LineChart.Series(
        name: "random (mean of 5 draws)",
        points: draws.enumerated().map { LineChart.Point(x: Double($0), draws: $1, note: "n = 400 a draw") },
        spread: .band, spreadName: "range of 5 draws"),
      LineChart.Series(
        name: "shuffled (mean of 5 draws)",
        points: draws.reversed().enumerated().map { LineChart.Point(x: Double($0), draws: $1.map { $0 + 0.01 }) },
        spread: .band, spreadName: "range of 5 draws"),
      series("identity", [0.5, 0.5025, 0.51, 0.5175, 0.53]),
      series("self", [0.545, 0.7, 0.7925, 0.8225, 0.835]),
    ],
    references: [
      LineChart.Reference(name: "chance", y: 0.5), LineChart.Reference(name: "fine-tuned", y: 0.835),
    ])

  static func series(_ name: String, _ values: [Double]) -> LineChart.Series {
    LineChart.Series(
      name: name,
      points: values.enumerated().map { index, value in
        let half = 1.96 * (value * (1 - value) / 400).squareRoot()
        return LineChart.Point(x: Double(index), y: value, low: value - half, high: value + half, note: "n = 400")
      }, spreadName: "95% interval (n = 400)")
  }

  static var table: Table {
    var table = Table(
      caption: "Accuracy by map and kept layers",
      columns: [
        .init("map"), .init("kept", .trailing), .init("accuracy", .trailing), .init("95% interval", .trailing),
        .init("n", .trailing),
      ])
    for (index, series) in chart.series.enumerated() {
      for point in series.points {
        table.append([
          Table.Cell(series.name, .series(index)), .count(Int(point.x)), .number(point.y, decimals: 3, .strong),
          .interval(point.low, point.high, decimals: 3), .count(400),
        ])
      }
    }
    return table
  }
}

/// Texts that must be escaped everywhere.
let hostile = "a<b>&\"c'</title></script>&amp;]]>"
