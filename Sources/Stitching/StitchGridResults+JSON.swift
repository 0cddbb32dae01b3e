import Evaluation
import Files

extension StitchGrid.Point {
  fileprivate var members: [JSON.Member] {
    [JSON.Member("pair", .integer(pair)), JSON.Member("seam", .string(seam))] + cell.members
  }
}

extension StitchGridResults {
  /// `baselines`, `comparisons`, `curves`, `points`, `seed_curves`, `self`.
  /// - Parameter facts: what each map is like, as `MapFacts.json`, by point.
  /// - Throws: `DigestError`.
  package func members(facts: [StitchGrid.Point: JSON]) throws -> [JSON.Member] {
    [
      JSON.Member("baselines", .array(grid.pairs.indices.compactMap(baseline))),
      JSON.Member("comparisons", .array(comparisons.map(\.json))), JSON.Member("curves", .array(curves.map(\.json))),
      JSON.Member("points", .array(try points.map { try $0.json(["facts": facts[$0.point] ?? .null]) })),
      JSON.Member("seed_curves", .array(seedCurves.map(\.json))),
      JSON.Member("self", .array(try own.map { try $0.json([:]) })),
    ]
  }

  private func baseline(_ pair: Int) -> JSON? {
    guard let chance = chance(pair), let finetuned = finetuned(pair) else { return nil }
    return [
      "chance": .number(chance), "finetuned": .number(finetuned.accuracy), "finetuned_ci95": finetuned.interval.json,
      "n": .integer(finetuned.n), "pair": .integer(pair),
      "truncated": .integer(finetuned.predictions.count { $0.truncated }),
    ]
  }
}

extension StitchGridResults.Point {
  /// - Throws: `DigestError`.
  package func json(_ more: [String: JSON]) throws -> JSON {
    .object(
      point.members + [
        JSON.Member("accuracy", .number(accuracy)), JSON.Member("ci95", interval.json),
        JSON.Member("correct", .integer(correct)), JSON.Member("n", .integer(n)),
        JSON.Member("predictions_sha256", .string(try sha256())),
      ] + more.map { JSON.Member($0.key, $0.value) })
  }
}

extension StitchGridResults.Curve {
  fileprivate var json: JSON {
    [
      "best_accuracy": .number(best.accuracy), "best_ci95": best.interval.json,
      "best_kept": .integer(best.point.cell.kept),
      "ci95": mean.interval.json, "difference": difference.map { .number($0.value) } ?? .null,
      "difference_ci95": difference?.interval.json ?? .null, "map": .string(map), "mean_accuracy": .number(mean.value),
      "pair": .integer(pair), "seam": .string(seam), "transplanted": .integer(transplanted),
    ]
  }
}

extension StitchGridResults.Comparison {
  fileprivate var json: JSON {
    .object(
      [
        JSON.Member("first", .string(first.cell.map)), JSON.Member("kept", .integer(first.cell.kept)),
        JSON.Member("p_holm", .number(corrected)), JSON.Member("pair", .integer(first.pair)),
        JSON.Member("seam", .string(first.seam)), JSON.Member("second", .string(second.cell.map)),
        JSON.Member("transplanted", .integer(first.cell.transplanted)),
      ] + table.members)
  }
}

extension StitchGridResults.SeedCurve {
  fileprivate var json: JSON {
    [
      "best_accuracies": .array(best.map { .number($0) }), "ci95": mean.interval.json,
      "cuts": .array(
        cuts.map {
          ["ci95": $0.mean.interval.json, "kept": .integer($0.kept), "mean_accuracy": .number($0.mean.value)]
        }),
      "difference": difference.map { .number($0.value) } ?? .null,
      "difference_ci95": difference?.interval.json ?? .null,
      "map": .string(map), "mean_accuracies": .array(means.map { .number($0) }), "mean_accuracy": .number(mean.value),
      "pairs": .array(pairs.map { .integer($0) }), "seam": .string(seam), "transplanted": .integer(transplanted),
    ]
  }
}
