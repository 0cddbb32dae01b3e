import Evaluation
import Files

/// The accuracy of every cell of a sweep, and what to hold it against.
package struct StitchResults: Sendable {
  /// How often a cell was right.
  package struct Point: Sendable {
    package let cell: StitchCell
    package let correct: Int
    package let n: Int

    package var accuracy: Double { Double(correct) / Double(n) }
    /// 95% Wilson interval.
    package var interval: Interval { .wilson(successes: correct, of: n) }

    package var json: JSON {
      .object(
        cell.members + [
          JSON.Member("accuracy", .number(accuracy)), JSON.Member("ci95", interval.json), JSON.Member("n", .integer(n)),
        ])
    }
  }

  /// The stitched cells, in order.
  package let points: [Point]
  /// B fed its own hidden state, in order.
  package let own: [Point]
  /// B itself: the end of its own curve.
  package let finetuned: Point
  /// The share of the larger class: what a constant answer scores.
  package let chance: Double
  /// Reviews that were cut.
  package let truncated: Int

  /// - Parameter records: every cell of every review.
  /// - Throws: `EvaluationError.noPredictions`.
  package init(_ records: [StitchRecord]) throws {
    var counts: [StitchCell: (correct: Int, n: Int)] = [:]
    var labels: [ExactKey: Int] = [:]
    var cut = Set<ExactKey>()
    for record in records {
      let id = ExactKey(record.prediction.id)
      counts[record.cell, default: (0, 0)].correct += record.prediction.isCorrect ? 1 : 0
      counts[record.cell, default: (0, 0)].n += 1
      labels[id] = record.prediction.label
      if record.prediction.truncated { cut.insert(id) }
    }
    let all = counts.map { Point(cell: $0.key, correct: $0.value.correct, n: $0.value.n) }.sorted { $0.cell < $1.cell }
    points = all.filter { $0.cell.map != StitchCell.ownState }
    own = all.filter { $0.cell.map == StitchCell.ownState }
    guard let end = own.max(by: { $0.cell < $1.cell }) else { throw EvaluationError.noPredictions }
    finetuned = end
    let classes = Dictionary(grouping: labels.values) { $0 }.map(\.value.count)
    chance = Double(classes.max() ?? 0) / Double(labels.count)
    truncated = cut.count
  }

  /// `baselines` (`chance`, `finetuned`, `finetuned_ci95`, `self`), `n`, `points`, `truncated`.
  package var members: [JSON.Member] {
    [
      JSON.Member(
        "baselines",
        [
          "chance": .number(chance), "finetuned": .number(finetuned.accuracy),
          "finetuned_ci95": finetuned.interval.json, "self": .array(own.map(\.json)),
        ]),
      JSON.Member("n", .integer(finetuned.n)), JSON.Member("points", .array(points.map(\.json))),
      JSON.Member("truncated", .integer(truncated)),
    ]
  }
}
