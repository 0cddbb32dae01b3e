import Evaluation
import Interpretability
import Tokenization
import Transformer

/// Effective attention over a dataset, on a terminal and as a page.
package struct AttentionReport {
  package let summary: AttentionSummary
  private let model: any TransformerModel
  private let dataset: Dataset
  private let tokenizer: Tokenizer
  private let simplex: Bool

  package init(
    _ summary: AttentionSummary, model: any TransformerModel, dataset: Dataset, tokenizer: Tokenizer, simplex: Bool
  ) {
    self.summary = summary
    self.tokenizer = tokenizer
    self.model = model
    self.dataset = dataset
    self.simplex = simplex
  }

  package var tables: [Table] { [layerTable, shareTable, lengthTable] }

  package var sections: [HTMLPage.Section] {
    let shares = summary.targets.filter { $0 != .other }.map { target in
      HTMLPage.Block.chart(shareChart(target), caption: "Mean over heads and \(summary.texts.counted("text")).")
    }
    return [
      .init(
        "Raw against effective attention",
        [
          .paragraph(
            "A head adds A T to the residual stream, T = (X W_V + b_V) W_O. Effective attention is A without the part "
              + "whose product with T is zero. Effective weights made the heads' outputs to within "
              + "\(summary.outputError.scientific) of their norms. Intervals are percentile bootstraps over texts."),
          .chart(
            lengthChart,
            caption: "Pearson's correlation of raw and effective weights over all pairs of tokens that see each other, "
              + "mean over heads. Each text is cut to each length that it has."), .table(lengthTable),
          .table(layerTable),
        ]),
      .init(
        "Who is looked at",
        [
          .paragraph(
            "Effective weights may be negative, and their rows need not sum to 1: effective shares are sums, magnitude "
              + "shares are parts of the sum of magnitudes.")
        ] + shares + [.table(shareTable)]), .init("Heads", [.table(headTable)]),
    ]
  }

  /// Of raw and effective weights, by the length of the text.
  package var lengthChart: LineChart {
    let layers = Self.chosen(of: summary.layers.count)
    func points(_ value: (AttentionSummary.Length) -> TextMean) -> [LineChart.Point] {
      summary.lengths.map { length in
        let mean = value(length)
        return LineChart.Point(
          x: Double(length.length), y: mean.mean, low: mean.interval?.low, high: mean.interval?.high,
          note: "n = \(mean.count)")
      }
    }
    let all = LineChart.Series(name: "all", points: points(\.whole), spread: .band, spreadName: "95% interval")
    let sizes = Set(model.blockDimensions.map(\.headSize)).sorted().map(String.init).joined(separator: ", ")
    return LineChart(
      title: "\(model.name): raw against effective attention",
      subtitle: "correlation by length of the text; a head has \(sizes) dimensions",
      xAxis: .init("tokens", isWhole: true), yAxis: .init("Pearson's r", bounds: -1...1),
      series: [all]
        + layers.map { layer in
          LineChart.Series(name: "L\(layer)", points: points { $0.layers[layer] })
        })
  }

  private func shareChart(_ target: AttentionTarget) -> LineChart {
    let index = summary.targets.firstIndex(of: target) ?? 0
    func series(_ name: String, _ value: (AttentionSummary.Part) -> TextMean) -> LineChart.Series {
      LineChart.Series(
        name: name,
        points: summary.layers.map { part in
          let mean = value(part)
          return LineChart.Point(
            x: Double(part.layer), y: mean.mean, low: mean.interval?.low, high: mean.interval?.high)
        }, spreadName: "95% interval")
    }
    return LineChart(
      title: "Attention to \(target.words(tokenizer))", xAxis: .init("block", isWhole: true), yAxis: .init("share"),
      series: [
        series("raw") { $0.raw[index] }, series("effective") { $0.effective[index] },
        series("magnitude") { $0.magnitude[index] },
      ], references: [.init(name: "uniform", y: summary.uniform[index].mean)])
  }

  /// At most five layers, the first and the last among them: a chart of more is unreadable.
  private static func chosen(of count: Int) -> [Int] {
    count <= 5 ? Array(0..<count) : (0..<5).map { ($0 * (count - 1) + 2) / 4 }
  }

  private var layerTable: Table { table(of: summary.layers, "layer") { "L\($0.layer)" } }
  private var headTable: Table { table(of: summary.heads, "head") { "\(Address(layer: $0.layer, head: $0.head))" } }

  private func table(
    of parts: [AttentionSummary.Part], _ title: String, name: (AttentionSummary.Part) -> String
  ) -> Table {
    var table = Table(
      caption: "\(model.name): \(summary.texts.counted("text")) of \(dataset.name), means over texts",
      columns: [Table.Column(title), Table.Column("rank", .trailing), Table.Column("null", .trailing)]
        + (simplex ? [Table.Column("simplex", .trailing)] : []) + [
          Table.Column("null share", .trailing), Table.Column("95% interval"), Table.Column("r", .trailing),
          Table.Column("95% interval"),
        ])
    for part in parts {
      table.append(
        [
          Table.Cell(name(part)), .number(part.rank.mean, decimals: 1), .number(part.nullDimension.mean, decimals: 1),
        ] + (simplex ? [.number(part.simplexNullDimension.mean, decimals: 1)] : []) + [
          .number(part.nullShare.mean, decimals: 3),
          .interval(part.nullShare.interval?.low, part.nullShare.interval?.high, decimals: 3),
          .number(part.correlation.mean, decimals: 3),
          .interval(part.correlation.interval?.low, part.correlation.interval?.high, decimals: 3),
        ])
    }
    return table
  }

  private var shareTable: Table {
    var table = Table(
      caption: "Attention by what is looked at, means over heads and texts; |eff.|: part of the sum of magnitudes",
      columns: [
        Table.Column("target"), Table.Column("layer"), Table.Column("raw", .trailing), Table.Column("95% interval"),
        Table.Column("effective", .trailing), Table.Column("95% interval"), Table.Column("|eff.|", .trailing),
        Table.Column("uniform", .trailing),
      ])
    for (index, target) in summary.targets.enumerated() {
      for part in summary.layers {
        let (raw, effective) = (part.raw[index], part.effective[index])
        table.append([
          Table.Cell(part.layer == 0 ? target.title(tokenizer) : ""), Table.Cell("L\(part.layer)"),
          .number(raw.mean, decimals: 3), .interval(raw.interval?.low, raw.interval?.high, decimals: 3),
          .number(effective.mean, decimals: 3),
          .interval(effective.interval?.low, effective.interval?.high, decimals: 3),
          .number(part.magnitude[index].mean, decimals: 3), .number(summary.uniform[index].mean, decimals: 3, .faint),
        ])
      }
    }
    return table
  }

  private var lengthTable: Table {
    var table = Table(
      caption: "Correlation of raw and effective weights by length, mean over heads",
      columns: [
        Table.Column("tokens", .trailing), Table.Column("texts", .trailing), Table.Column("r", .trailing),
        Table.Column("95% interval"),
      ] + Self.chosen(of: summary.layers.count).map { Table.Column("L\($0)", .trailing) })
    for length in summary.lengths {
      table.append(
        [
          .count(length.length), .count(length.whole.count), .number(length.whole.mean, decimals: 3),
          .interval(length.whole.interval?.low, length.whole.interval?.high, decimals: 3),
        ] + Self.chosen(of: summary.layers.count).map { .number(length.layers[$0].mean, decimals: 3) })
    }
    return table
  }
}
