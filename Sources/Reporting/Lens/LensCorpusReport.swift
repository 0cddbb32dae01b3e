import Interpretability

/// The lens over a dataset, for people.
package struct LensCorpusReport {
  private let statistics: LensStatistics
  private let model: String
  private let dataset: String

  package init(_ statistics: LensStatistics, model: String, dataset: String) {
    self.statistics = statistics
    self.model = model
    self.dataset = dataset
  }

  package func text(_ style: Style) -> String {
    let depths = [(statistics.settleDepth, ""), (statistics.tunedSettleDepth, " to the tuned lens")]
    let lines = depths.compactMap { depth, lens in
      depth.map { depth in
        let interval = depth.interval.map { ", 95% interval \($0.low.fixed(2)) to \($0.high.fixed(2))" } ?? ""
        return "The final answer stands\(lens), on the mean, after \(depth.value.fixed(2)) blocks\(interval).\n"
      }
    }
    return tables.text(style) + "\n" + lines.joined()
  }

  package var tables: [Table] { [means, intervals] }

  /// From the last level down, the plain ones first.
  private var rows: [LensStatistics.Level] { statistics.levels.reversed() }

  /// Fits a terminal of 80 columns.
  private var means: Table {
    var table = Table(
      caption:
        "\(model): \(statistics.places.counted("token")) in \(statistics.texts.counted("text")) of \(dataset); in nats",
      columns: [
        Table.Column("level"), Table.Column("entropy", .trailing), Table.Column("KL to final", .trailing),
        Table.Column("loss", .trailing), Table.Column("bits/byte", .trailing), Table.Column("agrees", .trailing),
        Table.Column("settled", .trailing), Table.Column("bias KL", .trailing),
      ])
    for level in rows {
      table.append([
        Table.Cell(level.level.title), .number(level.entropy.value, decimals: 3),
        .number(level.klToFinal.value, decimals: 3), .number(level.loss.value, decimals: 3),
        .number(level.bitsPerByte.value, decimals: 3), .number(level.agreement.value, decimals: 3),
        .number(level.settled.value, decimals: 3), .number(level.bias.value, decimals: 3),
      ])
    }
    return table
  }

  private var intervals: Table {
    var table = Table(
      caption: "95% intervals (bootstrap over texts; bias: over parts of the dataset)",
      columns: [
        Table.Column("level"), Table.Column("KL to final"), Table.Column("loss"), Table.Column("agrees"),
        Table.Column("settled"), Table.Column("bias KL"),
      ])
    for level in rows {
      let estimates = [level.klToFinal, level.loss, level.agreement, level.settled, level.bias]
      table.append(
        [Table.Cell(level.level.title)]
          + estimates.map { .interval($0.interval?.low, $0.interval?.high, decimals: 3) })
    }
    return table
  }

  /// A statistic over the blocks that have run; KL by its logarithm, without the last block, whose KL is 0 by definition. The
  /// embeddings are left out: where they are also the output matrix, they
  /// say what was read, and their distance would flatten every difference between the blocks.
  package func chart(_ show: LensStatistic) -> LineChart {
    let (title, value): (String, KeyPath<LensStatistics.Level, LensStatistics.Estimate>) =
      switch show {
      case .entropy: ("entropy in nats", \.entropy)
      case .loss: ("cross-entropy in nats", \.loss)
      default: ("KL(final ‖ level) in nats", \.klToFinal)
      }
    let outputs = statistics.levels.filter { $0.level.isBlockOutput && $0.level.layer >= 0 }
    let isDivergence = value == \.klToFinal
    let series = [false, true].compactMap { tuned -> LineChart.Series? in
      guard outputs.contains(where: { $0.level.isTuned == tuned }) else { return nil }
      // Both end in the model's output.
      let own = outputs.filter { $0.level.isTuned == tuned } + (tuned ? outputs.suffix(1) : [])
      let points = (isDivergence ? own.dropLast() : own[...]).map { level in
        let estimate = level[keyPath: value]
        return LineChart.Point(
          x: Double(level.level.layer + 1), y: estimate.value, low: estimate.interval?.low,
          high: estimate.interval?.high)
      }
      return LineChart.Series(name: tuned ? "tuned lens" : "lens", points: points, spreadName: "95% interval")
    }
    return LineChart(
      title: model,
      subtitle: "\(statistics.places.counted("token")) in \(statistics.texts.counted("text")) of \(dataset)"
        + (isDivergence ? "; after the last block it is 0 by definition" : ""),
      xAxis: .init("blocks that have run", isWhole: true), yAxis: .init(title, isLogarithmic: isDivergence),
      series: series)
  }
}
