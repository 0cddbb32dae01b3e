import Files
import Foundation
import Interpretability
import Reporting
import Tokenization
import Transformer

/// The lens over one text: [levels][places].
struct LensReading {
  let text: InputText
  let ids: [Int32]
  let truncated: Bool
  /// Places of the text, in tokens from 0.
  let positions: [Int]
  let levels: [LensLevel]
  let cells: [[LensCell]]
  /// The true token of each place; nil where it is unknown.
  let truth: [Int32?]
  let masksEach: Bool
  /// What was replaced on the way, and as people read it.
  let interventions: [Intervention]
  let changes: [String]
  let target: Int32?
  let versus: Int32?
  let followed: LensFollowed
  let tokenizer: Tokenizer
  let modelName: String
  /// Who makes a logit, with --attribute.
  private(set) var attributions: [LogitAttributionReading] = []

  func attributed(_ attributions: [LogitAttributionReading]) -> LensReading {
    var reading = self
    reading.attributions = attributions
    return reading
  }

  /// "; with L5H3 = 0", or nothing.
  var changesText: String { changes.isEmpty ? "" : "; with \(changes.joined(separator: ", "))" }

  /// What was read without translators.
  var plain: LensReading { restricted(toTuned: false).attributed(attributions) }
  /// What was read through translators, and the model's output; nil where nothing was.
  var tuned: LensReading? { levels.contains(where: \.isTuned) ? restricted(toTuned: true) : nil }

  private func restricted(toTuned: Bool) -> LensReading {
    let shown = levels.indices.filter { levels[$0].isTuned == toTuned || $0 == levels.count - 1 }
    return LensReading(
      text: text, ids: ids, truncated: truncated, positions: positions, levels: shown.map { levels[$0] },
      cells: shown.map { cells[$0] }, truth: truth, masksEach: masksEach, interventions: interventions,
      changes: changes, target: target, versus: versus, followed: followed, tokenizer: tokenizer,
      modelName: modelName)
  }

  /// Statistics of the heat map. What no cell has is left out.
  /// - Parameter all: the cells whose values the colours must tell apart; these and those of readings beside it.
  func statistics(over all: [LensCell]) -> [(key: LensStatistic, look: HeatMap.Statistic)] {
    let ceiling = log(Double(tokenizer.vocabularyCount))
    let highestKL = max(0.1, all.map(\.klToFinal).max() ?? 1)
    return LensStatistic.allCases.compactMap { key in
      guard all.contains(where: { key.value($0).isFinite }) else { return nil }
      let name = key.name(followed)
      switch key {
      case .probability, .target:
        return (key, HeatMap.Statistic(name, explanation: key.explanation, range: 0...1))
      case .entropy:
        return (
          key,
          HeatMap.Statistic(name, explanation: key.explanation, range: 0...ceiling, brightest: .lowest, decimals: 2)
        )
      case .kl:
        return (
          key,
          HeatMap.Statistic(
            name, explanation: key.explanation, range: 0.01...highestKL, spacing: .logarithmic, brightest: .lowest,
            decimals: 2)
        )
      case .loss:
        return (
          key,
          HeatMap.Statistic(
            name, explanation: key.explanation, range: 0...(ceiling * 1.5), brightest: .lowest, decimals: 2)
        )
      case .rank, .finalRank, .targetRank:
        return (
          key,
          HeatMap.Statistic(
            name, explanation: key.explanation, range: 1...Double(tokenizer.vocabularyCount), spacing: .logarithmic,
            brightest: .lowest, decimals: 0)
        )
      case .difference:
        let ends = max(0.01, all.map { abs(key.value($0)) }.max() ?? 1)
        return (key, HeatMap.Statistic(name, explanation: key.explanation, range: -ends...ends, decimals: 2))
      }
    }
  }

  func heatMap(_ statistics: [(key: LensStatistic, look: HeatMap.Statistic)], shown: Int) -> HeatMap {
    let rows = zip(levels, cells).map { level, cells in
      HeatMap.Row(
        level.name,
        cells.map { cell in
          HeatMap.Cell(
            cell.top.first.map { tokenizer.display($0.id) } ?? "", values: statistics.map { $0.key.value(cell) },
            isMarked: cell.agrees,
            entries: cell.top.map { HeatMap.Entry(tokenizer.display($0.id), $0.probability) })
        })
    }
    let place = masksEach ? "each token masked in turn" : "\(ids.count.counted("token"))"
    return HeatMap(
      title: "\(modelName)\(levels.contains(where: \.isTuned) ? ", tuned lens" : ""): \(text.string.shortened(to: 90))",
      subtitle: "the most probable token at each level, the last on top; \(place)" + changesText,
      columns: positions.map { tokenizer.display(ids[$0]) }, rows: rows, statistics: statistics.map(\.look),
      shown: shown,
      markMeaning: "the final answer")
  }
}

extension LensReading: Encodable {
  func encode(to encoder: any Encoder) throws {
    let levels = zip(levels, cells).map { level, cells in
      ["places": zip(positions, cells).map { json($1, at: $0) }] + level
    }
    try encoder.encode([
      "interventions": changes, "ids": ids, "levels": levels, "positions": positions, "text": text.string,
      "tokens": ids.map { tokenizer.token($0) ?? "" }, "truncated": truncated, "truth": truth,
      "attributions": Absent(wrappedValue: attributions.isEmpty ? nil : attributions),
      "id": Absent(wrappedValue: text.id),
    ])
  }

  private func json(_ cell: LensCell, at position: Int) -> JSONMembers {
    func members(_ followed: LensCell.Followed?) -> Absent<JSONMembers> {
      Absent(
        wrappedValue: followed.map { ["logit": $0.logit, "logprob": $0.logProbability, "rank": $0.rank] })
    }
    let top = cell.top.map { item -> JSONMembers in
      ["id": item.id, "logit": item.logit, "probability": item.probability, "token": tokenizer.token(item.id) ?? ""]
    }
    return [
      "agrees": cell.agrees, "entropy": cell.entropy, "final_rank": cell.finalRank, "kl_to_final": cell.klToFinal,
      "position": position, "top": top, "truth": members(cell.truth), "target": members(cell.target),
      "versus": members(cell.versus),
    ]
  }
}

/// The tokens of `--target` and `--versus`, as people read them.
struct LensFollowed {
  var target: String?
  var versus: String?
}
