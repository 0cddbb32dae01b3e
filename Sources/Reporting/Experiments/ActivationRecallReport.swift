import Evaluation
import Files
import Interpretability
import Transformer

/// Whether active parameters say what hidden states say, by block and kind.
package struct ActivationRecallReport {
  private let rows: [ActivationRecall.Means]
  private let experiment: ActivationRecall
  private var model: String { experiment.model.name }

  package init(_ rows: [ActivationRecall.Means], of experiment: ActivationRecall) {
    (self.rows, self.experiment) = (rows, experiment)
  }

  package var members: [JSONMembers] { rows.map(json) }

  package var tables: [Table] { ActivationRecall.Target.allCases.map(table) }

  private func json(_ row: ActivationRecall.Means) -> JSONMembers {
    [
      "aligned": row.aligned.value, "aligned_interval": row.aligned.interval,
      "difference": row.difference.value, "difference_interval": row.difference.interval,
      "kind": row.kind.rawValue, "layer": row.layer,
      "random": row.random.value, "random_interval": row.random.interval, "target": row.target.rawValue,
    ]
  }

  /// One chart per kind; the four curves are both arms against both targets.
  package var figure: ChartColumn {
    ChartColumn(
      ActivationRecall.kinds.map { kind in
        func series(
          _ name: String, _ target: ActivationRecall.Target, _ arm: (ActivationRecall.Means) -> SampleMean
        ) -> LineChart.Series {
          .init(
            name: name,
            points: rows.filter { $0.kind == kind && $0.target == target }.map { row in
              let mean = arm(row)
              return .init(
                x: Double(row.layer), y: mean.value, low: mean.interval.low, high: mean.interval.high)
            }, spreadName: "95% interval")
        }
        return LineChart(
          title: "\(model): \(kind.title)",
          subtitle: "R_\(experiment.k) of hidden states in the \(experiment.active) most active parameters, by block",
          xAxis: .init("block", isWhole: true), yAxis: .init("R_\(experiment.k)", bounds: 0...1),
          series: [
            series("own output", .own, \.aligned), series("own output, another position's parameters", .own, \.random),
            series("last output", .final, \.aligned),
            series("last output, another position's parameters", .final, \.random),
          ])
      })
  }

  private func table(_ target: ActivationRecall.Target) -> Table {
    var table = Table(
      caption: "R_\(experiment.k) of the \(target == .own ? "block's own" : "last block's") output",
      columns: [
        .init("parameters"), .init("block", .trailing), .init("active", .trailing), .init("random", .trailing),
        .init("difference", .trailing), .init("95% interval"),
      ])
    for row in rows.filter({ $0.target == target }).sorted(by: { order($0) < order($1) }) {
      table.append([
        .init(row.kind.rawValue), .count(row.layer), .number(row.aligned.value, decimals: 3),
        .number(row.random.value, decimals: 3), .number(row.difference.value, decimals: 3),
        .interval(row.difference.interval.low, row.difference.interval.high, decimals: 3),
      ])
    }
    return table
  }

  /// Kind by kind, block by block.
  private func order(_ row: ActivationRecall.Means) -> Int {
    (ActivationRecall.kinds.firstIndex(of: row.kind) ?? 0) * 10_000 + row.layer
  }
}

extension ParameterKind {
  /// For a heading.
  fileprivate var title: String {
    switch self {
    case .feedForwardKey: return "feed-forward keys"
    case .feedForwardValue: return "feed-forward values"
    case .query: return "W_Q sub-heads"
    case .key: return "W_K sub-heads"
    case .value: return "W_V sub-heads"
    case .output: return "W_O sub-heads"
    }
  }
}
