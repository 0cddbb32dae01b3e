import ArgumentParser
import DenseMath
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

struct ExperimentInteresting: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interesting",
    abstract: "Find neurons whose key and value speak of the same tokens.",
    discussion: """
      Lists the neurons whose k highest tokens (by score, sign kept) of key and value overlap by at least --threshold, \
      intersection over union, and counts how many do when values are permuted within the block. The filters choose the \
      tokens that take part.

      EXAMPLES:
        graft experiment interesting imdb-gpt2-wide
        graft experiment interesting imdb-bert-1 --threshold 0.1 --show 20
        graft experiment interesting imdb-gpt2-wide --ascii --alphanumeric \\
          --min-length 3 --threshold 0.1
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Tokens in a set.")
  var k = 100
  @Option(help: "The least Sim_k of a pair that is listed.")
  var threshold = 0.4
  @Option(help: "Pairs to print (JSON has all).")
  var show = 10
  @Option(help: "Permutations of the baseline.")
  var draws = 5
  @OptionGroup var filter: TokenFilterOptions
  @OptionGroup var seed: SeedOption

  func validate() throws {
    if k < 1 { throw ValidationError("--k must be at least 1, not \(k).") }
    if !(threshold > 0 && threshold <= 1) {
      throw ValidationError("--threshold must be above 0 and at most 1, not \(threshold).")
    }
    if show < 0 { throw ValidationError("--show must be at least 0, not \(show).") }
    if draws < 1 { throw ValidationError("--draws must be at least 1, not \(draws).") }
  }

  /// How many pairs of a block reach a Sim_k.
  private struct Level {
    let similarity: Double
    let aligned: Double
    /// One a draw.
    let shuffled: [Double]
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let tokenizer = try model.tokenizer(rows: model.projectionMatrix.rows)
    let experiment = RelatedPairs(model, k: k, draws: draws, seed: seed.seed)
    let wE = model.projectionMatrix
    let labels = TokenLabels(tokenizer: tokenizer, width: 24)
    let ids = try filter.ids(of: tokenizer, below: wE.rows)
    let layers = try (0..<model.dimensions.layers).mapShowingProgress("interesting", unit: "blocks") {
      try experiment.alikeness(layer: $0, threshold: threshold, by: wE, among: ids, threads: options.threads.count)
    }
    let levels = levels(layers)
    let found = layers.flatMap(\.alike).sorted {
      ($1.similarity, $0.layer, $0.neuron) < ($0.similarity, $1.layer, $1.neuron)
    }
    let stamp = ResultStamp(
      command: "experiment interesting", model: model, digest: digest, seed: seed.seed,
      options: filter.members + ["draws": draws, "k": k, "threshold": threshold] + options.threads.member)
    try options.show(
      ChartColumn([figure(levels, model)]),
      stamp.object(["layers": layers.map(json), "levels": levels.map(json), "pairs": found.map { json($0, labels) }])
    ) { style in
      counts(layers).text(style) + "\n" + pairs(found, labels).text(style)
    }
  }

  /// Shares of all neurons at or above 0.02, 0.04 ... 1 and those of the shuffled pairs; up to the first that none reaches.
  private func levels(_ layers: [RelatedPairs.Alikeness]) -> [Level] {
    let aligned = layers.flatMap(\.aligned)
    let shuffled = (0..<draws).map { draw in layers.flatMap { $0.shuffled[draw] } }
    func share(_ values: [Double], _ least: Double) -> Double {
      Double(values.count { $0 >= least }) / Double(max(1, values.count))
    }
    var levels: [Level] = []
    for step in 0...50 {
      let least = Double(step) / 50
      levels.append(
        Level(similarity: least, aligned: share(aligned, least), shuffled: shuffled.map { share($0, least) }))
      if levels.last?.aligned == 0, levels.last?.shuffled.allSatisfy({ $0 == 0 }) == true { break }
    }
    return levels
  }

  private func json(_ level: Level) -> JSONMembers {
    ["aligned": level.aligned, "shuffled": level.shuffled, "similarity": level.similarity]
  }

  private func json(_ layer: RelatedPairs.Alikeness) -> JSONMembers {
    [
      "aligned": layer.alike.count, "layer": layer.layer, "n": layer.aligned.count,
      "shuffled": layer.shuffled.map { draw in draw.count { $0 >= threshold } },
    ]
  }

  private func json(_ pair: RelatedPairs.Alike, _ labels: TokenLabels) -> JSONMembers {
    [
      "layer": pair.layer, "neuron": pair.neuron,
      "shared": pair.shared.map { ["id": $0, "token": labels.text(Int($0))] as JSONMembers },
      "similarity": pair.similarity,
    ]
  }

  private func figure(_ levels: [Level], _ model: Model) -> LineChart {
    LineChart(
      title: "\(model.name): neurons whose key and value are alike",
      subtitle: "Share of all neurons with Sim_\(k) of the highest scores of at least x",
      xAxis: .init("Sim_\(k)"), yAxis: .init("share of neurons", bounds: 0...1),
      series: [
        .init(name: "key and value of a neuron", points: levels.map { .init(x: $0.similarity, y: $0.aligned) }),
        .init(
          name: "values shuffled within the block", points: levels.map { .init(x: $0.similarity, draws: $0.shuffled) },
          spread: .band, spreadName: "range of \(draws.counted("draw"))"),
      ])
  }

  private func counts(_ layers: [RelatedPairs.Alikeness]) -> Table {
    var table = Table(
      caption: "Neurons with Sim_\(k) of at least \(threshold)",
      columns: [
        .init("block", .trailing), .init("neurons", .trailing), .init("alike", .trailing),
        .init("shuffled (mean)", .trailing), .init("highest", .trailing),
      ])
    for layer in layers {
      let shuffled = layer.shuffled.map { draw in Double(draw.count { $0 >= threshold }) }
      table.append([
        .count(layer.layer), .count(layer.aligned.count), .count(layer.alike.count),
        .number(shuffled.reduce(0, +) / Double(draws), decimals: 1), .number(layer.aligned.max(), decimals: 3),
      ])
    }
    return table
  }

  private func pairs(_ found: [RelatedPairs.Alike], _ labels: TokenLabels) -> Table {
    var table = Table(
      caption: "The most alike, \(min(show, found.count)) of \(found.count)",
      columns: [.init("neuron"), .init("Sim_\(k)", .trailing), .init("tokens of both (by id)")])
    for pair in found.prefix(show) {
      table.append([
        .init("\(VectorPlace(layer: pair.layer, index: pair.neuron))"), .number(pair.similarity, decimals: 3),
        .init(pair.shared.prefix(12).map { labels.label(Int($0)) }.joined(separator: " ").shortened(to: 56)),
      ])
    }
    return table
  }
}
