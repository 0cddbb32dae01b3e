import ArgumentParser
import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

struct ExperimentRecall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recall",
    abstract: "Do the parameters that are active say what the hidden state says?",
    discussion: """
      R_k is the share of the k tokens on which a hidden state scores highest that is among the k highest tokens of at \
      least one of the most active parameters of the block: neurons by their activation, sub-heads by what enters W_O. \
      Beside it, for the same states, the parameters that were active at another position. States pass the final norm \
      (GPT-2); targets are the block's own output and that of the last block.

      EXAMPLES:
        graft experiment recall imdb-gpt2-wide \\
          --dataset evaluation/imdb/test.jsonl --limit 200
        graft experiment recall imdb-bert-1 --positions 500 --svg recall.svg \\
          --dataset evaluation/imdb/test.jsonl --limit 60
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Tokens in a set.")
  var k = 50
  @Option(help: "Parameters of each kind that count as active at a position.")
  var active = 5
  @Option(help: "Positions, drawn from all of all texts.")
  var positions = 1000
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions

  func validate() throws {
    if k < 1 { throw ValidationError("--k must be at least 1, not \(k).") }
    if active < 1 { throw ValidationError("--active must be at least 1, not \(active).") }
    if positions < 2 { throw ValidationError("--positions must be at least 2, not \(positions).") }
    if data.dataset == nil { throw ValidationError("Give --dataset.") }
  }

  /// Both arms of one kind in one block, and their difference.
  private struct Row {
    let recall: ActivationRecall.Recall
    let aligned: SampleMean
    let random: SampleMean
    let difference: SampleMean

    /// nil where no position was sampled.
    init?(_ recall: ActivationRecall.Recall, seed: UInt64) {
      guard let aligned = SampleMean(of: recall.aligned, seed: seed),
        let random = SampleMean(of: recall.random, seed: seed),
        let difference = SampleMean(of: zip(recall.aligned, recall.random).map { $0 - $1 }, seed: seed)
      else { return nil }
      (self.recall, self.aligned, self.random, self.difference) = (recall, aligned, random, difference)
    }
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let workspace = options.threads.workspace()
    let texts = try ExperimentTexts(data, classification, for: model, threads: workspace.threads)
    let sample = SampledPositions(positions, of: texts.tokens, seed: data.seed)
    let experiment = ActivationRecall(model, k: k, active: active, sample: sample, seed: data.seed)
    let steps = sample.positions.count + model.dimensions.layers
    let progress = Progress(ProgressLine(label: "recall", unit: "steps", total: steps))
    let activations = try experiment.activations(over: texts.batches, workspace: workspace) { progress.update($0) }
    let recalls = try experiment.recalls(activations, by: model.projectionMatrix, workspace: workspace) {
      progress.update(sample.positions.count + $0)
    }
    progress.clear()
    let rows = recalls.compactMap { Row($0, seed: data.seed) }
    let stamp = ResultStamp(
      command: "experiment recall", model: model, digest: digest, dataset: texts.dataset, seed: data.seed,
      options: data.members + classification.members(texts.cleaning) + [
        "active": active, "k": k, "positions": positions,
      ] + options.threads.member)
    try options.show(
      figure(rows, model),
      stamp.object([
        "n": sample.positions.count, "recalls": rows.map(json), "tokens": texts.tokens,
        "truncated": texts.encoded.truncatedCount,
      ])
    ) { style in
      ActivationRecall.Target.allCases.map { table(rows, $0).text(style) }.joined(separator: "\n")
    }
  }

  private func json(_ row: Row) -> JSONMembers {
    [
      "aligned": row.aligned.value, "aligned_interval": row.aligned.interval,
      "difference": row.difference.value, "difference_interval": row.difference.interval,
      "kind": row.recall.kind.rawValue, "layer": row.recall.layer,
      "random": row.random.value, "random_interval": row.random.interval, "target": row.recall.target.rawValue,
    ]
  }

  /// A chart a kind; the four curves are both arms against both targets.
  private func figure(_ rows: [Row], _ model: Model) -> ChartColumn {
    ChartColumn(
      ActivationRecall.kinds.map { kind in
        func series(
          _ name: String, _ target: ActivationRecall.Target, _ arm: (Row) -> SampleMean
        ) -> LineChart.Series {
          .init(
            name: name,
            points: rows.filter { $0.recall.kind == kind && $0.recall.target == target }.map { row in
              let mean = arm(row)
              return .init(
                x: Double(row.recall.layer), y: mean.value, low: mean.interval.low, high: mean.interval.high)
            }, spreadName: "95% interval")
        }
        return LineChart(
          title: "\(model.name): \(kind.title)",
          subtitle: "R_\(k) of hidden states in the \(active) most active parameters, by block",
          xAxis: .init("block", isWhole: true), yAxis: .init("R_\(k)", bounds: 0...1),
          series: [
            series("own output", .own, \.aligned), series("own output, another position's parameters", .own, \.random),
            series("last output", .final, \.aligned),
            series("last output, another position's parameters", .final, \.random),
          ])
      })
  }

  private func table(_ rows: [Row], _ target: ActivationRecall.Target) -> Table {
    var table = Table(
      caption: "R_\(k) of the \(target == .own ? "block's own" : "last block's") output",
      columns: [
        .init("parameters"), .init("block", .trailing), .init("active", .trailing), .init("random", .trailing),
        .init("difference", .trailing), .init("95% interval"),
      ])
    for row in rows.filter({ $0.recall.target == target }).sorted(by: { order($0) < order($1) }) {
      table.append([
        .init(row.recall.kind.rawValue), .count(row.recall.layer), .number(row.aligned.value, decimals: 3),
        .number(row.random.value, decimals: 3), .number(row.difference.value, decimals: 3),
        .interval(row.difference.interval.low, row.difference.interval.high, decimals: 3),
      ])
    }
    return table
  }

  /// Kind by kind, block by block.
  private func order(_ row: Row) -> Int {
    (ActivationRecall.kinds.firstIndex(of: row.recall.kind) ?? 0) * 10_000 + row.recall.layer
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
