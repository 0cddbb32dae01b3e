import Files
import Interpretability

/// Neurons whose key and value have high tokens in common.
package struct KeyValueOverlapReport {
  private let layers: [RelatedPairs.Alikeness]
  private let shares: [RelatedPairs.Share]
  /// The most alike first.
  private let found: [RelatedPairs.Alike]
  private let experiment: RelatedPairs
  private let threshold: Double
  private let labels: TokenLabels

  /// - Parameter threshold: what `layers` were found with.
  package init(
    _ layers: [RelatedPairs.Alikeness], of experiment: RelatedPairs, threshold: Double, labels: TokenLabels
  ) {
    (self.layers, self.experiment, self.threshold, self.labels) = (layers, experiment, threshold, labels)
    shares = experiment.shares(layers)
    found = layers.flatMap(\.alike).sorted {
      ($1.similarity, $0.layer, $0.neuron) < ($0.similarity, $1.layer, $1.neuron)
    }
  }

  package var members: JSONMembers {
    ["layers": layers.map(json), "levels": shares.map(json), "pairs": found.map(json)]
  }

  /// - Parameter show: how many neurons to list.
  package func tables(show: Int) -> [Table] { [counts, pairs(show)] }

  private func json(_ share: RelatedPairs.Share) -> JSONMembers {
    ["aligned": share.aligned, "shuffled": share.shuffled, "similarity": share.similarity]
  }

  private func json(_ layer: RelatedPairs.Alikeness) -> JSONMembers {
    [
      "aligned": layer.alike.count, "layer": layer.layer, "n": layer.aligned.count,
      "shuffled": layer.shuffled.map { draw in draw.count { $0 >= threshold } },
    ]
  }

  private func json(_ pair: RelatedPairs.Alike) -> JSONMembers {
    [
      "layer": pair.layer, "neuron": pair.neuron,
      "shared": pair.shared.map { ["id": $0, "token": labels.text(Int($0))] as JSONMembers },
      "similarity": pair.similarity,
    ]
  }

  package var figure: LineChart {
    LineChart(
      title: "\(experiment.model.name): neurons whose key and value are alike",
      subtitle: "Share of all neurons with Sim_\(experiment.k) of the highest scores of at least x",
      xAxis: .init("Sim_\(experiment.k)"), yAxis: .init("share of neurons", bounds: 0...1),
      series: [
        .init(name: "key and value of a neuron", points: shares.map { .init(x: $0.similarity, y: $0.aligned) }),
        .init(
          name: "values shuffled within the block", points: shares.map { .init(x: $0.similarity, draws: $0.shuffled) },
          spread: .band, spreadName: "range of \(experiment.draws.counted("draw"))"),
      ])
  }

  private var counts: Table {
    var table = Table(
      caption: "Neurons with Sim_\(experiment.k) of at least \(threshold)",
      columns: [
        .init("block", .trailing), .init("neurons", .trailing), .init("alike", .trailing),
        .init("shuffled (mean)", .trailing), .init("highest", .trailing),
      ])
    for layer in layers {
      let shuffled = layer.shuffled.map { draw in Double(draw.count { $0 >= threshold }) }
      table.append([
        .count(layer.layer), .count(layer.aligned.count), .count(layer.alike.count),
        .number(shuffled.reduce(0, +) / Double(experiment.draws), decimals: 1),
        .number(layer.aligned.max(), decimals: 3),
      ])
    }
    return table
  }

  private func pairs(_ show: Int) -> Table {
    var table = Table(
      caption: "The most alike, \(min(show, found.count)) of \(found.count)",
      columns: [.init("neuron"), .init("Sim_\(experiment.k)", .trailing), .init("tokens of both (by id)")])
    for pair in found.prefix(show) {
      table.append([
        .init("\(VectorPlace(layer: pair.layer, index: pair.neuron))"), .number(pair.similarity, decimals: 3),
        .init(pair.shared.prefix(12).map { labels.label(Int($0)) }.joined(separator: " ").shortened(to: 56)),
      ])
    }
    return table
  }
}
