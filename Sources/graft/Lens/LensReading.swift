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

  var json: JSON {
    let levelObjects = zip(levels, cells).map { level, cells -> JSON in
      [
        "layer": .integer(level.layer), "level": .string(level.name), "site": .string(level.site.rawValue),
        "tuned": .bool(level.isTuned),
        "places": .array(zip(positions, cells).map { position, cell in json(cell, at: position) }),
      ]
    }
    let members = [
      JSON.Member("interventions", .array(changes.map { .string($0) })),
      JSON.Member("ids", .array(ids.map { .integer(Int($0)) })), JSON.Member("levels", .array(levelObjects)),
      JSON.Member("positions", .array(positions.map { .integer($0) })), JSON.Member("text", .string(text.string)),
      JSON.Member("tokens", .array(ids.map { .string(tokenizer.token($0) ?? "") })),
      JSON.Member("truncated", .bool(truncated)),
      JSON.Member("truth", .array(truth.map { id in id.map { .integer(Int($0)) } ?? .null })),
    ]
    let attributed =
      attributions.isEmpty ? [] : [JSON.Member("attributions", .array(attributions.map(\.json)))]
    return .object(members + attributed + (text.id.map { [JSON.Member("id", .string($0))] } ?? []))
  }

  private func json(_ cell: LensCell, at position: Int) -> JSON {
    func object(_ followed: LensCell.Followed) -> JSON {
      [
        "logit": .number(followed.logit), "logprob": .number(followed.logProbability), "rank": .integer(followed.rank),
      ]
    }
    var members = [
      JSON.Member("agrees", .bool(cell.agrees)), JSON.Member("entropy", .number(cell.entropy)),
      JSON.Member("final_rank", .integer(cell.finalRank)), JSON.Member("kl_to_final", .number(cell.klToFinal)),
      JSON.Member("position", .integer(position)),
      JSON.Member(
        "top",
        .array(
          cell.top.map { item in
            [
              "id": .integer(Int(item.id)), "logit": .float(item.logit), "probability": .number(item.probability),
              "token": .string(tokenizer.token(item.id) ?? ""),
            ]
          })),
    ]
    for (key, value) in [("truth", cell.truth), ("target", cell.target), ("versus", cell.versus)] {
      if let value { members.append(JSON.Member(key, object(value))) }
    }
    return .object(members)
  }
}

/// The tokens of `--target` and `--versus`, as people read them.
struct LensFollowed {
  var target: String?
  var versus: String?
}
