import Evaluation
import Files

/// What the points of an experiment came to: accuracies, and maps against one another on the same reviews. Made from the
/// records alone, so that shards that are put together give what one run would have given.
package struct StitchGridResults: Sendable {
  package struct Point: Sendable {
    package let point: StitchGrid.Point
    /// In the order of ids.
    package let predictions: [Prediction]
    package let correct: Int

    package var n: Int { predictions.count }
    package var accuracy: Double { Double(correct) / Double(n) }
    /// 95% Wilson interval.
    package var interval: Interval { .wilson(successes: correct, of: n) }

    /// The SHA-256 of the predictions, a compact JSON line each in the order of ids (bytes): two computations of a point
    /// agree to the last bit of every logit where this is the same.
    /// - Throws: `DigestError`.
    package func sha256() throws -> String {
      let digest = Digest()
      for prediction in predictions { digest.update(JSON.object(prediction.members).serialized() + "\n") }
      return try digest.finish()
    }
  }

  /// A map over all cuts of a pair, seam and number of transplanted blocks, every review counting with the share of cuts
  /// (and draws) at which it was right.
  package struct Curve: Sendable {
    package let pair: Int
    package let seam: String
    package let transplanted: Int
    package let map: String
    /// Its interval from resampling reviews.
    package let mean: SampleMean
    /// This mean less that of the first map that is not drawn, review by review; nil for that map.
    package let difference: SampleMean?
    package let best: Point
  }

  /// A map against the first one that is not drawn, at one cut.
  package struct Comparison: Sendable {
    package let first: StitchGrid.Point
    package let second: StitchGrid.Point
    package let table: RunComparison
    /// McNemar's exact p after Holm's correction (Scandinavian Journal of Statistics 6, 1979) for all comparisons of the
    /// pair, the seam and the number of transplanted blocks.
    package let corrected: Double
  }

  package let grid: StitchGrid
  /// In the order of the grid.
  package let points: [Point]
  /// B fed its own states, by pair and cell.
  package let own: [Point]
  package let curves: [Curve]
  package let comparisons: [Comparison]
  /// Curves over fine-tuned models that differ in their seed, where there are any.
  package let seedCurves: [SeedCurve]

  /// - Parameter records: every review of each point that there is.
  /// - Throws: `EvaluationError` when points of a pair differ in their reviews.
  package init(_ records: [StitchGridRecord], grid: StitchGrid, seed: UInt64) throws {
    self.grid = grid
    let byPoint = Dictionary(grouping: records, by: \.point)
    func point(_ point: StitchGrid.Point) -> Point? {
      guard let records = byPoint[point] else { return nil }
      let predictions = records.map(\.record.prediction).sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
      return Point(point: point, predictions: predictions, correct: predictions.count { $0.isCorrect })
    }
    points = grid.points.compactMap(point)
    own = byPoint.keys.filter { $0.cell.map == StitchCell.ownState }
      .sorted { ($0.pair, $0.cell) < ($1.pair, $1.cell) }.compactMap(point)
    let families = Self.families(grid, points)
    curves = families.flatMap { $0.curves(seed: seed) }
    comparisons = try families.flatMap { try $0.comparisons() }
    seedCurves = SeedFamily.all(of: grid, families).flatMap { $0.curves(seed: seed) }
  }

  /// The accuracy of B itself: the end of its own curve.
  package func finetuned(_ pair: Int) -> Point? {
    own.filter { $0.point.pair == pair }.max { $0.point.cell < $1.point.cell }
  }

  /// The share of the commonest class among a pair's reviews.
  package func chance(_ pair: Int) -> Double? {
    guard let any = (points + own).first(where: { $0.point.pair == pair }) else { return nil }
    let classes = Dictionary(grouping: any.predictions, by: \.label)
    return Double(classes.values.map(\.count).max() ?? 0) / Double(max(1, any.n))
  }

  /// The points of a pair, a seam and a number of transplanted blocks, map by map.
  private static func families(_ grid: StitchGrid, _ points: [Point]) -> [StitchFamily] {
    grid.pairs.indices.flatMap { pair in
      grid.seams.flatMap { seam in
        grid.pairs[pair].transplanted.compactMap { transplanted -> StitchFamily? in
          let own = points.filter {
            $0.point.pair == pair && $0.point.seam == seam && $0.point.cell.transplanted == transplanted
          }
          guard !own.isEmpty else { return nil }
          return StitchFamily(
            pair: pair, seam: seam, transplanted: transplanted,
            maps: grid.pairs[pair].recipes.map { recipe in
              (recipe, own.filter { $0.point.cell.map == recipe.name })
            })
        }
      }
    }
  }
}
