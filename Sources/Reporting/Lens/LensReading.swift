import Evaluation
import Files
import Foundation
import Interpretability
import Tokenization
import Transformer

/// The lens over one text: [levels][places].
package struct LensReading {
  package let text: InputText
  package let ids: [Int32]
  private let truncated: Bool
  /// Places of the text, in tokens from 0.
  package let positions: [Int]
  private(set) var levels: [LensLevel]
  package private(set) var cells: [[LensCell]]
  /// The true token of each place; nil where it is unknown.
  private let truth: [Int32?]
  package let masksEach: Bool
  /// What was replaced during the forward pass, and in readable form.
  package let interventions: [Intervention]
  private let changes: [String]
  package let targets: LensTargets
  let tokenizer: Tokenizer
  package let modelName: String
  /// Who makes a logit, where that was asked for.
  package private(set) var attributions: [LogitAttributionReading] = []

  /// - Parameters:
  ///   - masksEach: whether each place was read with its token masked.
  ///   - changes: what `interventions` are, for people.
  package init(
    _ text: InputText, _ tokens: EncodedText, _ reading: LensText, masksEach: Bool, interventions: [Intervention],
    changes: [String], targets: LensTargets, tokenizer: Tokenizer, modelName: String
  ) {
    (self.text, ids, truncated) = (text, tokens.ids, tokens.truncated)
    (positions, levels, cells, truth) = (reading.positions, reading.levels, reading.cells, reading.truth)
    (self.masksEach, self.interventions, self.changes) = (masksEach, interventions, changes)
    (self.targets, self.tokenizer, self.modelName) = (targets, tokenizer, modelName)
  }

  package func attributed(_ attributions: [LogitAttributionReading]) -> LensReading {
    var reading = self
    reading.attributions = attributions
    return reading
  }

  /// The tokens that are followed, in readable form.
  var followed: LensFollowed {
    LensFollowed(target: targets.target.map(tokenizer.display), versus: targets.versus.map(tokenizer.display))
  }

  /// "; with L5H3 = 0", or nothing.
  package var changesText: String { changes.isEmpty ? "" : "; with \(changes.joined(separator: ", "))" }

  /// What was read without translators.
  package var plain: LensReading { restricted(toTuned: false) }
  /// What was read through translators, and the model's output; nil where nothing was.
  package var tuned: LensReading? {
    levels.contains(where: \.isTuned) ? restricted(toTuned: true).attributed([]) : nil
  }

  private func restricted(toTuned: Bool) -> LensReading {
    let shown = levels.indices.filter { levels[$0].isTuned == toTuned || $0 == levels.count - 1 }
    var reading = self
    (reading.levels, reading.cells) = (shown.map { levels[$0] }, shown.map { cells[$0] })
    return reading
  }

  /// Statistics of the heat map. What no cell has is left out.
  /// - Parameter all: the cells whose values the colours must tell apart; these and those of readings beside it.
  func statistics(over all: [LensCell]) -> [(key: LensStatistic, look: HeatMap.Statistic)] {
    let ceiling = log(Double(tokenizer.vocabularyCount))
    let highestKL = max(0.1, all.map(\.klToFinal).max() ?? 1)
    return LensStatistic.allCases.compactMap { key in
      guard all.contains(where: { key.value($0).isFinite }) else { return nil }
      func look(
        _ range: ClosedRange<Double>, spacing: HeatMap.Statistic.Spacing = .linear,
        brightest: HeatMap.Statistic.Brightest = .highest, decimals: Int = 3
      ) -> HeatMap.Statistic {
        HeatMap.Statistic(
          key.name(followed), explanation: key.explanation, range: range, spacing: spacing, brightest: brightest,
          decimals: decimals)
      }
      switch key {
      case .probability, .target: return (key, look(0...1))
      case .entropy: return (key, look(0...ceiling, brightest: .lowest, decimals: 2))
      case .kl: return (key, look(0.01...highestKL, spacing: .logarithmic, brightest: .lowest, decimals: 2))
      case .loss: return (key, look(0...(ceiling * 1.5), brightest: .lowest, decimals: 2))
      case .rank, .finalRank, .targetRank:
        let last = Double(tokenizer.vocabularyCount)
        return (key, look(1...last, spacing: .logarithmic, brightest: .lowest, decimals: 0))
      case .difference:
        let ends = max(0.01, all.map { abs(key.value($0)) }.max() ?? 1)
        return (key, look(-ends...ends, decimals: 2))
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
      shown: shown, xTitle: "token", yTitle: "level",
      markMeaning: "the final answer")
  }
}

extension LensReading: Encodable {
  package func encode(to encoder: any Encoder) throws {
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

/// The token that is followed and the one it is compared with, in readable form.
struct LensFollowed {
  var target: String?
  var versus: String?
}
