import Evaluation

/// The curves of one pair, seam and number of transplanted blocks, which are compared with one another.
package struct StitchFamily: Sendable {
  package typealias Score = StitchResults.Score

  package let pair: Int
  package let seam: String
  package let transplanted: Int
  /// In the order of the experiment; a shard may lack points.
  package let maps: [(recipe: MapRecipe, scores: [Score])]
  /// B on its own states.
  package let own: [Score]

  private var reference: [Score] { maps.first { !$0.recipe.isDrawn }?.scores ?? [] }

  /// For each review the share of points at which it was right; empty where points differ in their reviews.
  private static func shares(_ scores: [Score]) -> [Double] {
    guard let first = scores.first, scores.allSatisfy({ $0.n == first.n }) else { return [] }
    return first.predictions.indices.map { review in
      Double(scores.count { $0.predictions[review].isCorrect }) / Double(scores.count)
    }
  }

  func curves(seed: UInt64) -> [StitchCurves.Curve] {
    let base = Self.shares(reference)
    return maps.compactMap { recipe, scores in
      let shares = Self.shares(scores)
      guard let mean = SampleMean(of: shares, seed: seed),
        let best = scores.max(by: { ($0.correct, $1.point.cut.kept) < ($1.correct, $0.point.cut.kept) })
      else { return nil }
      // Only curves over the same cuts can be compared.
      let cuts = { (scores: [Score]) in Set(scores.map(\.point.cut.kept)) }
      let isComparable =
        scores.first?.point != reference.first?.point && base.count == shares.count && cuts(scores) == cuts(reference)
      return StitchCurves.Curve(
        map: recipe.name, mean: mean,
        difference: isComparable ? SampleMean(of: zip(shares, base).map { $0 - $1 }, seed: seed) : nil, best: best)
    }
  }

  /// - Throws: `EvaluationError` when points differ in their reviews.
  func comparisons() throws -> [StitchCurves.Comparison] {
    var tables: [(first: Score, second: Score, table: RunComparison)] = []
    for (recipe, scores) in maps where !recipe.isDrawn {
      for second in scores {
        guard let first = reference.first(where: { $0.point.cut.kept == second.point.cut.kept }),
          first.point != second.point
        else { continue }
        tables.append((first, second, try RunComparison(first.predictions, second.predictions)))
      }
    }
    let corrected = RunComparison.holmCorrected(tables.map(\.table.pValue))
    return zip(tables, corrected).map {
      .init(first: $0.first.point, second: $0.second.point, table: $0.table, corrected: $1)
    }
  }
}

extension StitchFamily {
  /// Combines families of pairs that differ in their seed alone, with the same maps in the same order; nil unless every
  /// pair has all its points, which shards may lack.
  static func seedCurves(_ families: [StitchFamily], of pairs: [Int], seed: UInt64) -> StitchCurves.SeedFamily? {
    let places = families.map { $0.maps.map { $0.scores.map { [$0.point.cut.kept, $0.point.draw] } } }
    guard families.count == pairs.count, let first = families.first, places.allSatisfy({ $0 == places[0] }),
      let reference = first.maps.firstIndex(where: { !$0.recipe.isDrawn })
    else { return nil }
    /// One row per seed: for each review the share of a map's points, at one cut or all, at which it was right.
    func shares(_ map: Int, kept: Int? = nil) -> [[Double]]? {
      let rows = families.map { family in
        Self.shares(family.maps[map].scores.filter { kept == nil || $0.point.cut.kept == kept })
      }
      guard let count = rows.first?.count, count > 0, rows.allSatisfy({ $0.count == count }) else { return nil }
      return rows
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let base = shares(reference)
    let curves = first.maps.indices.compactMap { map -> StitchCurves.SeedCurve? in
      guard let own = shares(map) else { return nil }
      let cuts = Set(first.maps[map].scores.map(\.point.cut.kept)).sorted().compactMap { kept in
        shares(map, kept: kept).map { (kept: kept, shares: $0) }
      }
      let differences = map == reference ? nil : base.map { zip(own, $0).map { zip($0, $1).map { $0 - $1 } } }
      return StitchCurves.SeedCurve(
        map: first.maps[map].recipe.name,
        cuts: cuts.map { ($0.kept, SampleMean(ofSeeds: $0.shares, seed: seed)) },
        mean: SampleMean(ofSeeds: own, seed: seed),
        difference: differences.map { SampleMean(ofSeeds: $0, seed: seed) }, means: own.map(mean),
        best: families.indices.map { pair in cuts.map { mean($0.shares[pair]) }.max() ?? 0 })
    }
    guard !curves.isEmpty else { return nil }
    return .init(pairs: families.map(\.pair), seam: first.seam, transplanted: first.transplanted, curves: curves)
  }
}
