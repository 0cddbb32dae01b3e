import Files
import Interpretability

/// Who a hidden state still is: accuracy by layer, by map and by what is compared.
package struct TokenReport {
  private typealias Accuracy = TokenIdentifiability.Record.Accuracy

  private let records: [TokenIdentifiability.Record]
  private let study: TokenIdentifiability
  private let seed: UInt64

  package init(_ records: [TokenIdentifiability.Record], study: TokenIdentifiability, seed: UInt64) {
    self.records = records
    self.study = study
    self.seed = seed
  }

  private var levels: Range<Int> { 0..<study.model.blockDimensions.count + 1 }
  /// What the maps' loss compares by.
  private var own: NeighbourMetric { study.training.loss == .cosine ? .cosine : .l2 }

  /// Of the map of a kind that was fitted to a hidden state, at that state.
  private func accuracy(_ kind: TokenMap.Kind, _ level: Int, _ metric: NeighbourMetric) -> Accuracy? {
    record(kind, fittedTo: level)?.accuracy(level, metric, seed: seed)
  }

  private func record(_ kind: TokenMap.Kind, fittedTo level: Int) -> TokenIdentifiability.Record? {
    records.first { $0.kind == kind && ($0.layer == level || kind == .identity) }
  }

  private static func name(_ level: Int) -> String { level == 0 ? "embed" : "L\(level - 1)" }

  package var tables: [Table] {
    [table, metricTable] + study.kinds.filter { $0 != .identity }.map(transferTable)
  }

  package var sections: [HTMLPage.Section] {
    let fitted = study.kinds.filter { $0 != .identity }
    return [
      .init(
        "Which token is it?",
        [
          .paragraph(
            "A map g leads from a hidden state back to hidden state 0, the input of its token. The token counts as found "
              + "when its own input is the nearest to g among those of its text. Maps are fitted to "
              + "\(study.texts.training.count.counted("text")), stopped by \(study.texts.validation.count), and scored on "
              + "\(study.texts.test.count) others; intervals are percentile bootstraps over these."),
          .chart(
            chart, caption: "Share of tokens found, by the \(own.words), the maps' own measure."), .table(table),
          .table(metricTable),
        ])
    ]
      + (fitted.isEmpty
        ? []
        : [
          .init(
            "Do layers speak alike?",
            [
              .paragraph("Each row is a map fitted to one layer; columns are the layers it is scored on.")
            ] + fitted.map { .heatMap(transferMap($0), caption: "") })
        ])
  }

  package var chart: LineChart {
    LineChart(
      title: "\(study.model.name): tokens found by their hidden state",
      subtitle: "maps fitted by \(study.training.loss.rawValue), nearest by the \(own.words)",
      xAxis: .init("hidden state", isWhole: true), yAxis: .init("accuracy", bounds: 0...1),
      series: study.kinds.map { kind in
        LineChart.Series(
          name: kind.rawValue,
          points: levels.map { level in
            let found = accuracy(kind, level, own)
            return LineChart.Point(
              x: Double(level), y: found?.value ?? .nan, low: found?.interval.low, high: found?.interval.high)
          }, spreadName: "95% interval")
      }, references: records.first.map { [.init(name: "chance", y: $0.chance)] } ?? [])
  }

  /// A line a hidden state, from the last down.
  private var table: Table {
    var table = Table(
      caption: "Tokens found among those of their text, by the \(own.words): "
        + "\(study.texts.test.count.counted("text")), chance \((records.first?.chance ?? .nan).fixed(3))",
      columns: [Table.Column("state")]
        + study.kinds.flatMap { [Table.Column($0.rawValue, .trailing), Table.Column("95% interval")] })
    for level in levels.reversed() {
      table.append(
        [Table.Cell(Self.name(level))]
          + study.kinds.flatMap { kind -> [Table.Cell] in
            let found = accuracy(kind, level, own)
            return [
              .number(found?.value, decimals: 3), .interval(found?.interval.low, found?.interval.high, decimals: 3),
            ]
          })
    }
    return table
  }

  /// The same maps, nearest by angle, by distance and by length.
  private var metricTable: Table {
    var table = Table(
      caption: "The same maps (fitted by \(study.training.loss.rawValue)), nearest by angle, distance and length",
      columns: [Table.Column("state")]
        + study.kinds.flatMap { kind in
          NeighbourMetric.allCases.enumerated().map { index, metric in
            Table.Column(index == 0 ? "\(kind.rawValue): \(metric.words)" : metric.words, .trailing)
          }
        })
    for level in levels.reversed() {
      table.append(
        [Table.Cell(Self.name(level))]
          + study.kinds.flatMap { kind in
            NeighbourMetric.allCases.map { .number(accuracy(kind, level, $0)?.value, decimals: 3) }
          })
    }
    return table
  }

  private func transferTable(_ kind: TokenMap.Kind) -> Table {
    var table = Table(
      caption: "Transfer of the \(kind.rawValue) map: fitted to the state of the row, scored on that of the column",
      columns: [Table.Column("fitted to")] + levels.map { Table.Column(Self.name($0), .trailing) })
    for level in levels.reversed() {
      table.append(
        [Table.Cell(Self.name(level))]
          + levels.map { target in
            .number(
              record(kind, fittedTo: level)?.accuracy(target, own, seed: seed)?.value, decimals: 3,
              target == level ? .strong : .plain)
          })
    }
    return table
  }

  private func transferMap(_ kind: TokenMap.Kind) -> HeatMap {
    HeatMap(
      title: "\(study.model.name): transfer of the \(kind.rawValue) map",
      columns: levels.map(Self.name),
      rows: levels.map { level in
        HeatMap.Row(
          Self.name(level),
          levels.map { target in
            let value = record(kind, fittedTo: level)?.accuracy(target, own, seed: seed)?.value ?? .nan
            return HeatMap.Cell(values: [value], isMarked: target == level)
          })
      },
      statistics: [
        .init(
          "accuracy", explanation: "Share of tokens whose own input is the nearest in their text.", range: 0...1,
          decimals: 3, format: .decimals(2))
      ], xTitle: "layer that is read", yTitle: "layer that the map was fitted to",
      markMeaning: "the layer it was fitted to")
  }

  private static func tokens(_ texts: [TokenTexts.Text]) -> Int { texts.reduce(0) { $0 + $1.ids.count } }
}

extension TokenReport: Encodable {
  package func encode(to encoder: any Encoder) throws {
    let maps = records.map { record -> JSONMembers in
      let scores = levels.map { target in
        NeighbourMetric.allCases.reduce(["state": target] as JSONMembers) { members, metric in
          members + record.accuracy(target, metric, seed: seed).map { [metric.rawValue: $0] }
        }
      }
      return [
        "epochs": record.epochs, "fitted_to": record.kind == .identity ? nil : record.layer,
        "kind": record.kind.rawValue, "scores": scores, "validation_loss": record.validationLoss,
      ]
    }
    func counts(_ count: ([TokenTexts.Text]) -> Int) -> [String: Int] {
      let texts = study.texts
      return ["test": count(texts.test), "training": count(texts.training), "validation": count(texts.validation)]
    }
    try encoder.encode([
      "chance": records.first?.chance ?? .nan, "maps": maps, "texts": counts(\.count), "tokens": counts(Self.tokens),
    ])
  }
}

extension NeighbourMetric {
  /// In a sentence: nearest by the...
  fileprivate var words: String {
    switch self {
    case .cosine: "angle"
    case .l2: "distance"
    case .norm: "length"
    }
  }
}
