import Evaluation
import Files
import Interpretability

/// How alike the tokens of parameters are that work together, by block, beside shuffled ones and chance.
package struct RelatedPairsReport {
  /// One pair of kinds in one block.
  private struct Row {
    let similarities: RelatedPairs.Similarities
    let mean: SampleMean
    var shuffled: Double { similarities.shuffled.reduce(0, +) / Double(similarities.shuffled.count) }
  }

  private let rows: [Row]
  private let chance: Double
  private let experiment: RelatedPairs

  /// - Parameter chance: what two random sets come to.
  package init(
    _ found: [(similarities: RelatedPairs.Similarities, mean: SampleMean)], chance: Double, of experiment: RelatedPairs
  ) {
    (rows, self.chance, self.experiment) = (found.map(Row.init), chance, experiment)
  }

  package var members: JSONMembers { ["chance": chance, "pairs": rows.map(json)] }

  package var tables: [Table] { [table] }

  private func json(_ row: Row) -> JSONMembers {
    [
      "layer": row.similarities.layer, "mean": row.mean.value, "mean_interval": row.mean.interval,
      "n": row.similarities.aligned.count, "pair": row.similarities.pair.rawValue,
      "shuffled": row.similarities.shuffled,
    ]
  }

  package var figure: ChartColumn {
    ChartColumn(
      RelatedPairs.Pair.allCases.map { pair in
        let own = rows.filter { $0.similarities.pair == pair }
        return LineChart(
          title: "\(experiment.model.name): \(pair.title)",
          subtitle: "Sim_\(experiment.k) of the tokens with the largest |score|, by block",
          xAxis: .init("block", isWhole: true), yAxis: .init("Sim_\(experiment.k)", bounds: 0...1),
          series: [
            .init(
              name: "same index",
              points: own.map {
                .init(
                  x: Double($0.similarities.layer), y: $0.mean.value, low: $0.mean.interval.low,
                  high: $0.mean.interval.high,
                  note: "n = \($0.similarities.aligned.count)")
              }, spreadName: "95% interval"),
            .init(
              name: "shuffled within the block",
              points: own.map { .init(x: Double($0.similarities.layer), draws: $0.similarities.shuffled) },
              spread: .band,
              spreadName: "range of \(experiment.draws.counted("draw"))"),
          ], references: [.init(name: "chance", y: chance)])
      })
  }

  private var table: Table {
    var table = Table(
      caption: "Sim_\(experiment.k) of pairs with the same index, and of shuffled ones",
      columns: [
        .init("pair"), .init("block", .trailing), .init("mean", .trailing), .init("95% interval"),
        .init("shuffled", .trailing), .init("times", .trailing),
      ])
    for row in rows {
      table.append([
        .init(row.similarities.pair.rawValue), .count(row.similarities.layer), .number(row.mean.value, decimals: 4),
        .interval(row.mean.interval.low, row.mean.interval.high, decimals: 4), .number(row.shuffled, decimals: 4),
        .number(row.shuffled > 0 ? row.mean.value / row.shuffled : nil, decimals: 1),
      ])
    }
    return table
  }
}

extension RelatedPairs.Pair {
  /// For a heading.
  fileprivate var title: String {
    switch self {
    case .keyValue: return "feed-forward keys and values"
    case .valueOutput: return "W_V and W_O sub-heads"
    case .queryKey: return "W_Q and W_K sub-heads"
    }
  }
}
