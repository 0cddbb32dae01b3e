import Evaluation
import Stitching

/// What the reports about stitched models share.
package enum StitchWords {
  /// The last line of a run.
  package static func written(in directory: String, _ style: Style) -> String {
    style.painted("written: ", .faint) + "\(directory)/report.html, results.json, predictions.jsonl\n"
  }

  /// What `auto` came to at each cut, and which cut it chose, in a sentence; nil where it was not asked for.
  package static func choice(
    _ family: StitchFamily, _ facts: [StitchPoint: MapFacts], _ cuts: [AutomaticCut]
  ) -> String? {
    let chosen = family.maps.flatMap(\.scores).compactMap { score in
      facts[score.point]?.chosen.map { (kept: score.point.cut.kept, map: $0.name) }
    }
    guard !chosen.isEmpty else { return nil }
    let maps = chosen.sorted { $0.kept < $1.kept }.map { "\($0.map) (\($0.kept))" }
    let cut = cuts.first { cut in family.maps.contains { $0.scores.contains { $0.point == cut.score.point } } }
    return "auto chose, by blocks kept: " + maps.joined(separator: ", ")
      + (cut.map {
        ". The automatic cut, chosen without a label, keeps \($0.score.point.cut.kept): accuracy \($0.score.accuracy.fixed(3)), "
          + "KL from the fine-tuned model's answers \($0.divergence.fixed(3)) nats"
      } ?? "")
  }

  /// What parts of a run from several kinds of processor mean for its bits; nil where they are of one kind.
  /// - Parameter parts: the kind that computed each part, from the first.
  package static func processorKinds(_ parts: [String]) -> String? {
    let kinds = parts.enumerated().reduce(into: [(name: String, parts: [Int])]()) { kinds, part in
      if let place = kinds.firstIndex(where: { $0.name == part.element }) {
        kinds[place].parts.append(part.offset + 1)
      } else {
        kinds.append((part.element, [part.offset + 1]))
      }
    }
    guard kinds.count > 1 else { return nil }
    let list = kinds.map { "\($0.name) (\($0.parts.count == 1 ? "part" : "parts") \(StitchStatus.ranges($0.parts)))" }
    return "the parts come from \(kinds.count) kinds of processor: " + list.joined(separator: "; ")
      + ". The last bits of a point may differ between kinds; results.json names the kind of each point"
  }

  /// Ends that may be negative.
  package static func range(_ interval: Interval?) -> Table.Cell {
    .known(interval.map { "\($0.low.fixed(3)) to \($0.high.fixed(3))" }, .faint)
  }

  /// Accuracy by blocks kept.
  package static func chart(
    _ title: String, subtitle: String = "", _ series: [LineChart.Series], chance: Double?, finetuned: (String, Double)?
  ) -> LineChart {
    LineChart(
      title: title, subtitle: subtitle, xAxis: .init("blocks kept", isWhole: true),
      yAxis: .init("accuracy", bounds: 0...1), series: series,
      references: [chance.map { ("chance", $0) }, finetuned].compactMap { $0 }.map { .init(name: $0.0, y: $0.1) })
  }

  /// The curves of a family, its maps' and its own, with intervals, or with the draws of a map that is drawn.
  package static func series(_ family: StitchFamily) -> [LineChart.Series] {
    func series(_ name: String, _ scores: [StitchResults.Score], isDrawn: Bool) -> LineChart.Series {
      let cuts = Dictionary(grouping: scores) { $0.point.cut.kept }.sorted { $0.key < $1.key }
      return LineChart.Series(
        name: name,
        points: cuts.map { kept, scores in
          guard !isDrawn, let score = scores.first else {
            return LineChart.Point(x: Double(kept), draws: scores.map(\.accuracy))
          }
          return LineChart.Point(
            x: Double(kept), y: score.accuracy, low: score.interval.low, high: score.interval.high,
            note: "n = \(score.n)")
        }, spread: isDrawn ? .band : .bars, spreadName: isDrawn ? "range of draws" : "95% interval")
    }
    return family.maps.map { series($0.recipe.name, $0.scores, isDrawn: $0.recipe.isDrawn) }.filter {
      !$0.points.isEmpty
    }
      + (family.own.isEmpty ? [] : [series(StitchPoint.ownState, family.own, isDrawn: false)])
  }

  /// The columns of a mean and of a difference, each with its interval.
  package static let meanColumns: [Table.Column] = [
    .init("map"), .init("mean", .trailing), .init("95%"), .init("difference", .trailing), .init("95%"),
  ]

  package static func meanCells(_ map: String, _ mean: SampleMean, _ difference: SampleMean?) -> [Table.Cell] {
    [
      .init(map), .number(mean.value, decimals: 3),
      .interval(mean.interval.low, mean.interval.high, decimals: 3), .number(difference?.value, decimals: 3),
      range(difference?.interval),
    ]
  }
}
