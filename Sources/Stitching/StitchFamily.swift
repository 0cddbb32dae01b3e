import Evaluation

/// Curves that are compared with one another.
struct StitchFamily {
  typealias Point = StitchGridResults.Point

  let pair: Int
  let seam: String
  let transplanted: Int
  /// In the order of the experiment; a shard may lack points.
  let maps: [(recipe: MapRecipe, points: [Point])]

  private var reference: [Point] { maps.first { !$0.recipe.isDrawn }?.points ?? [] }

  /// For each review the share of points at which it was right; empty where points differ in their reviews.
  static func shares(_ points: [Point]) -> [Double] {
    guard let first = points.first, points.allSatisfy({ $0.n == first.n }) else { return [] }
    return first.predictions.indices.map { review in
      Double(points.count { $0.predictions[review].isCorrect }) / Double(points.count)
    }
  }

  func curves(seed: UInt64) -> [StitchGridResults.Curve] {
    let base = Self.shares(reference)
    return maps.compactMap { recipe, points in
      let own = Self.shares(points)
      guard let mean = SampleMean(of: own, seed: seed),
        let best = points.max(by: { ($0.correct, $1.point.cell.kept) < ($1.correct, $0.point.cell.kept) })
      else { return nil }
      // Only curves over the same cuts can be held against each other.
      let cuts = { (points: [Point]) in Set(points.map(\.point.cell.kept)) }
      let isComparable =
        points.first?.point != reference.first?.point && base.count == own.count && cuts(points) == cuts(reference)
      return StitchGridResults.Curve(
        pair: pair, seam: seam, transplanted: transplanted, map: recipe.name, mean: mean,
        difference: isComparable ? SampleMean(of: zip(own, base).map { $0 - $1 }, seed: seed) : nil, best: best)
    }
  }

  func comparisons() throws -> [StitchGridResults.Comparison] {
    var tables: [(first: Point, second: Point, table: RunComparison)] = []
    for (recipe, points) in maps where !recipe.isDrawn {
      for second in points {
        guard let first = reference.first(where: { $0.point.cell.kept == second.point.cell.kept }),
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
