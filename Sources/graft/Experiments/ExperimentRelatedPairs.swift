import ArgumentParser
import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

struct ExperimentRelatedPairs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "related-pairs",
    abstract: "Do parameters that work together speak of the same tokens?",
    discussion: """
      Sim_k is the share that the k strongest tokens (by |score|) of two vectors have in common, intersection over union. \
      For each block: key and value of a neuron, the value and output side of a sub-head, its query and key side; and the \
      same with one side permuted over the whole block.

      EXAMPLES:
        graft experiment related-pairs imdb-bert-1
        graft experiment related-pairs imdb-gpt2-wide --k 50 --svg pairs.svg
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Tokens in a set.")
  var k = 100
  @Option(help: "Permutations of the baseline.")
  var draws = 5
  @OptionGroup var seed: SeedOption

  func validate() throws {
    if k < 1 { throw ValidationError("--k must be at least 1, not \(k).") }
    if draws < 1 { throw ValidationError("--draws must be at least 1, not \(draws).") }
  }

  /// One pair of kinds in one block.
  private struct Row {
    let result: RelatedPairs.Similarities
    let aligned: SampleMean
    var shuffled: Double { result.shuffled.reduce(0, +) / Double(result.shuffled.count) }
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let experiment = RelatedPairs(model, k: k, draws: draws, seed: seed.seed)
    let wE = model.projectionMatrix
    var rows: [Row] = []
    let total = RelatedPairs.Pair.allCases.count * model.dimensions.layers
    let progress = Progress(ProgressLine(label: "related pairs", unit: "groups", total: total))
    for pair in RelatedPairs.Pair.allCases {
      for layer in 0..<model.dimensions.layers {
        let result = try experiment.similarities(pair, layer: layer, by: wE, threads: options.threads.count)
        guard let aligned = SampleMean(of: result.aligned, seed: seed.seed) else { continue }
        rows.append(Row(result: result, aligned: aligned))
        progress.update(rows.count)
      }
    }
    progress.clear()
    let chance = TokenSets.chance(k: k, vocabulary: wE.rows)
    let stamp = ResultStamp(
      command: "experiment related-pairs", model: model, digest: digest, seed: seed.seed,
      options: ["draws": draws, "k": k] + options.threads.member)
    try options.show(
      figure(rows, chance, model),
      stamp.object(["chance": chance, "pairs": rows.map(json)])
    ) { table(rows).text($0) }
  }

  private func json(_ row: Row) -> JSONMembers {
    [
      "layer": row.result.layer, "mean": row.aligned.value, "mean_interval": row.aligned.interval,
      "n": row.result.aligned.count, "pair": row.result.pair.rawValue, "shuffled": row.result.shuffled,
    ]
  }

  private func figure(_ rows: [Row], _ chance: Double, _ model: Model) -> ChartColumn {
    ChartColumn(
      RelatedPairs.Pair.allCases.map { pair in
        let own = rows.filter { $0.result.pair == pair }
        return LineChart(
          title: "\(model.name): \(pair.title)", subtitle: "Sim_\(k) of the tokens with the largest |score|, by block",
          xAxis: .init("block", isWhole: true), yAxis: .init("Sim_\(k)", bounds: 0...1),
          series: [
            .init(
              name: "same index",
              points: own.map {
                .init(
                  x: Double($0.result.layer), y: $0.aligned.value, low: $0.aligned.interval.low,
                  high: $0.aligned.interval.high,
                  note: "n = \($0.result.aligned.count)")
              }, spreadName: "95% interval"),
            .init(
              name: "shuffled within the block",
              points: own.map { .init(x: Double($0.result.layer), draws: $0.result.shuffled) }, spread: .band,
              spreadName: "range of \(draws.counted("draw"))"),
          ], references: [.init(name: "chance", y: chance)])
      })
  }

  private func table(_ rows: [Row]) -> Table {
    var table = Table(
      caption: "Sim_\(k) of pairs with the same index, and of shuffled ones",
      columns: [
        .init("pair"), .init("block", .trailing), .init("mean", .trailing), .init("95% interval"),
        .init("shuffled", .trailing), .init("times", .trailing),
      ])
    for row in rows {
      table.append([
        .init(row.result.pair.rawValue), .count(row.result.layer), .number(row.aligned.value, decimals: 4),
        .interval(row.aligned.interval.low, row.aligned.interval.high, decimals: 4), .number(row.shuffled, decimals: 4),
        .number(row.shuffled > 0 ? row.aligned.value / row.shuffled : nil, decimals: 1),
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
