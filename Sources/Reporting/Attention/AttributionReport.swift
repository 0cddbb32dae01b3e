import Interpretability

/// One text and what was attributed to its tokens.
package struct AttributionReading {
  package enum Result {
    case states(TokenAttribution, isExact: Bool)
    case decision(DecisionAttribution, [String])
  }

  package let text: String
  package let ids: [Int32]
  /// As people read them.
  package let tokens: [String]
  package let truncated: Bool
  package let result: Result
  package let modelName: String

  package init(
    text: String, ids: [Int32], tokens: [String], truncated: Bool, result: Result, modelName: String
  ) {
    self.text = text
    self.ids = ids
    self.tokens = tokens
    self.truncated = truncated
    self.result = result
    self.modelName = modelName
  }

  package var subtitle: String {
    switch result {
    case .states: return "Rows are hidden states, columns the tokens they are made of; a row sums to 1."
    case .decision: return "What each token adds to the score."
    }
  }

  package var caption: String {
    switch result {
    case .states(_, let isExact): return isExact ? "" : "Estimated; hover shows the standard error."
    case .decision(let decision, let labels): return Self.summary(decision, labels)
    }
  }

  /// - Parameter level: the one to show of states, from 0.
  package func heatMap(level: Int) -> HeatMap {
    switch result {
    case .states(let attribution, _):
      let T = attribution.tokens
      return HeatMap(
        title: "Hidden token attribution: \(modelName)", subtitle: "\(text.shortened(to: 100)); cells in per cent",
        columns: tokens,
        rows: (0..<T).reversed().map { j in
          HeatMap.Row(
            tokens[j],
            (0..<T).map { i in
              let values = attribution.contributions.map { $0[j * T + i] }
              let errors = attribution.standardErrors.enumerated().map { level, cells in
                HeatMap.Entry("level \(level + 1), standard error", cells[j * T + i])
              }
              return HeatMap.Cell(values: values, isMarked: i == j, entries: errors)
            })
        },
        statistics: attribution.contributions.enumerated().map { level, cells in
          HeatMap.Statistic(
            "level \(level + 1)", explanation: "share of the column's token in the row's state after block \(level)",
            range: 0...max(cells.max() ?? 1, 1e-6), format: .percent)
        }, shown: level, xTitle: "token of the text", yTitle: "token whose state it is",
        markMeaning: "the token itself", entryName: "share")
    case .decision(let decision, let labels):
      let most = max(decision.tokens.reduce(0) { max($0, abs($1)) }, 1e-9)
      return HeatMap(
        title: "Attribution of \(labels[decision.label]): \(modelName)", subtitle: text.shortened(to: 100),
        columns: tokens,
        rows: [
          HeatMap.Row(labels[decision.label], decision.tokens.map { HeatMap.Cell(values: [$0]) })
        ], statistics: [HeatMap.Statistic("attribution", range: -most...most, format: .decimals(2))],
        xTitle: "token", yTitle: "class")
    }
  }

  package func text(_ style: Style, level: Int) -> String {
    guard case .decision = result else { return heatMap(level: level).text(style) }
    return tables(level: level).text(style)
  }

  /// What a decision adds up from; of states the cells of the heat map.
  package func tables(level: Int) -> [Table] {
    guard case .decision(let decision, let labels) = result else { return heatMap(level: level).tables }
    var table = Table(
      caption: Self.summary(decision, labels), columns: [Table.Column("token"), Table.Column("adds", .trailing)])
    for (token, value) in zip(tokens, decision.tokens) {
      table.append([Table.Cell(token), .number(value, decimals: 4)])
    }
    return [table]
  }

  private static func summary(_ decision: DecisionAttribution, _ labels: [String]) -> String {
    let score = "\(labels[decision.label]): score \(decision.score.fixed(4))"
    guard let baseline = decision.baselineScore, let error = decision.completenessError else { return score }
    return score + ", baseline \(baseline.fixed(4)), completeness error \(error.scientific)"
  }
}

extension AttributionReading: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(["ids": ids, "text": text, "tokens": tokens, "truncated": truncated])
    switch result {
    case .states(let attribution, _):
      let T = attribution.tokens
      func nested(_ levels: [[Double]]) -> [[[Double]]] {
        levels.map { cells in (0..<T).map { Array(cells[$0 * T..<($0 + 1) * T]) } }
      }
      try encoder.encode([
        "contributions": nested(attribution.contributions),
        "standard_errors": attribution.standardErrors.isEmpty ? nil : nested(attribution.standardErrors),
      ])
    case .decision(let decision, let labels):
      try encoder.encode([
        "attributions": decision.tokens, "baseline_score": decision.baselineScore,
        "completeness_error": decision.completenessError, "class": decision.label, "label": labels[decision.label],
        "score": decision.score,
      ])
    }
  }
}

/// What attribution says over a dataset.
package struct AttributionStatisticsReport {
  private let statistics: AttributionStatistics
  private let summaries: [AttributionStatistics.Summary]
  private let model: String
  private let dataset: String

  package init(_ statistics: AttributionStatistics, model: String, dataset: String) {
    self.statistics = statistics
    summaries = statistics.summaries
    self.model = model
    self.dataset = dataset
  }

  /// A token's share in its own state, median and quartiles, by level.
  package var ownChart: LineChart {
    func series(_ name: String, _ value: (AttributionStatistics.Summary) -> Double?) -> LineChart.Series {
      LineChart.Series(
        name: name,
        points: summaries.enumerated().compactMap { index, level in
          value(level).map { LineChart.Point(x: Double(index + 1), y: $0) }
        })
    }
    let own = LineChart.Series(
      name: "own share, median",
      points: summaries.enumerated().map { index, level in
        LineChart.Point(
          x: Double(index + 1), y: level.own.quartiles[1], low: level.own.quartiles[0], high: level.own.quartiles[2])
      }, spread: .band, spreadName: "quartiles")
    return LineChart(
      title: "Attribution by level: \(model)", subtitle: dataset, xAxis: .init("level", isWhole: true),
      yAxis: .init("share", bounds: 0...1),
      series: [own, series("another token is largest") { $0.othersLargest }]
        + (summaries.contains { $0.fromSpecial != nil } ? [series("from special tokens") { $0.fromSpecial }] : []))
  }

  package var distanceChart: LineChart {
    LineChart(
      title: "Attribution by distance: \(model)", subtitle: dataset,
      xAxis: .init("distance of the token, negative: before", isWhole: true), yAxis: .init("share", bounds: 0...1),
      series: summaries.enumerated().map { index, level in
        LineChart.Series(
          name: "level \(index + 1)",
          points: level.byDistance.enumerated().compactMap { place, value in
            value.map { LineChart.Point(x: Double(place - statistics.reach), y: $0) }
          })
      })
  }

  private var table: Table {
    var table = Table(
      caption: "\(model) on \(dataset), \(summaries.first?.tokens ?? 0) tokens",
      columns: [
        Table.Column("level", .trailing), Table.Column("own, median", .trailing), Table.Column("quartiles", .trailing),
        Table.Column("another largest", .trailing), Table.Column("one before", .trailing),
        Table.Column("one after", .trailing), Table.Column("from special", .trailing),
        Table.Column("to special", .trailing),
      ])
    for (index, level) in summaries.enumerated() {
      table.append([
        .count(index + 1), .number(level.own.quartiles[1], decimals: 3),
        .interval(level.own.quartiles[0], level.own.quartiles[2], decimals: 3),
        .number(level.othersLargest, decimals: 3), .number(level.byDistance[statistics.reach - 1], decimals: 3),
        .number(level.byDistance[statistics.reach + 1], decimals: 3), .number(level.fromSpecial, decimals: 3),
        .number(level.toSpecial, decimals: 3),
      ])
    }
    return table
  }

  package var tables: [Table] { [table] }

  package func page(_ provenance: Provenance) -> HTMLPage {
    HTMLPage(
      title: "Attribution: \(model)", subtitle: dataset, provenance: provenance,
      sections: [
        .init("By level", [.chart(ownChart, caption: ""), .table(table)]),
        .init("By distance", [.chart(distanceChart, caption: "")]),
      ])
  }
}
