import Evaluation

extension StitchGridResults {
  /// A map over fine-tuned models that differ in their seed, on one pretrained model: what can be said of other seeds and
  /// other reviews, by the Multi-Bootstrap.
  public struct SeedCurve: Sendable {
    /// At one cut, a drawn map's draws taken together.
    public struct Cut: Sendable {
      public let kept: Int
      /// The mean accuracy over seeds, and its 95% interval.
      public let mean: Double
      public let interval: Interval
    }

    /// The pairs that it is made of.
    public let pairs: [Int]
    public let seam: String
    public let transplanted: Int
    public let map: String
    public let cuts: [Cut]
    /// Over cuts, seeds and reviews.
    public let mean: Double
    public let interval: Interval
    /// This mean less that of the first map that is not drawn, and its interval, seed by seed and review by review; nil for
    /// that map.
    public let difference: (mean: Double, interval: Interval)?
    /// For each pair, the mean over cuts.
    public let means: [Double]
    /// For each pair, the highest accuracy of a cut (of the mean of draws): chosen by the labels, so too high.
    public let best: [Double]
  }
}

/// Families of pairs that differ in their seed alone.
struct SeedFamily {
  typealias Curve = StitchGridResults.SeedCurve

  /// One a seed, with the same maps in the same order.
  let families: [StitchFamily]

  /// Those of which every pair has all its points.
  static func all(of grid: StitchGrid, _ families: [StitchFamily]) -> [SeedFamily] {
    grid.seedSets.flatMap { pairs in
      grid.seams.flatMap { seam in
        grid.pairs[pairs[0]].transplanted.compactMap { transplanted -> SeedFamily? in
          let own = families.filter {
            pairs.contains($0.pair) && $0.seam == seam && $0.transplanted == transplanted
          }
          // Parts of an experiment may lack points of one seed and not of another.
          let cells = { (family: StitchFamily) in family.maps.map { $0.points.map(\.point.cell) } }
          guard own.count == pairs.count, own.allSatisfy({ cells($0) == cells(own[0]) }) else { return nil }
          return SeedFamily(families: own)
        }
      }
    }
  }

  func curves(seed: UInt64) -> [Curve] {
    guard let first = families.first, let reference = first.maps.firstIndex(where: { !$0.recipe.isDrawn }) else {
      return []
    }
    let base = shares(reference)
    return first.maps.indices.compactMap { map in
      guard let own = shares(map) else { return nil }
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      let cuts = Set(first.maps[map].points.map(\.point.cell.kept)).sorted().compactMap { kept -> Cut? in
        shares(map, kept: kept).map { Cut(kept: kept, shares: $0) }
      }
      var difference: (mean: Double, interval: Interval)?
      if map != reference, let base {
        let differences = zip(own, base).map { zip($0, $1).map { $0 - $1 } }
        difference = (mean(differences.map(mean)), .multiBootstrap(meanOf: differences, seed: seed))
      }
      return Curve(
        pairs: families.map(\.pair), seam: first.seam, transplanted: first.transplanted,
        map: first.maps[map].recipe.name,
        cuts: cuts.map {
          .init(
            kept: $0.kept, mean: mean($0.shares.map(mean)), interval: .multiBootstrap(meanOf: $0.shares, seed: seed))
        },
        mean: mean(own.map(mean)), interval: .multiBootstrap(meanOf: own, seed: seed), difference: difference,
        means: own.map(mean),
        best: families.indices.map { pair in cuts.map { mean($0.shares[pair]) }.max() ?? 0 })
    }
  }

  private struct Cut {
    let kept: Int
    /// A row a seed, a column a review.
    let shares: [[Double]]
  }

  /// A row a seed: for each review the share of the map's points, at one cut or all, at which it was right.
  private func shares(_ map: Int, kept: Int? = nil) -> [[Double]]? {
    let rows = families.map { family in
      StitchFamily.shares(family.maps[map].points.filter { kept == nil || $0.point.cell.kept == kept })
    }
    guard let count = rows.first?.count, count > 0, rows.allSatisfy({ $0.count == count }) else { return nil }
    return rows
  }
}
