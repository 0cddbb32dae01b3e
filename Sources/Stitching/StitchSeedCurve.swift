import Evaluation

extension StitchGridResults {
  /// A map over fine-tuned models that differ in their seed, on one pretrained model: what can be said of other seeds and
  /// other reviews, by the Multi-Bootstrap.
  package struct SeedCurve: Sendable {
    /// At one cut, a drawn map's draws taken together.
    package struct Cut: Sendable {
      package let kept: Int
      /// Over seeds and reviews.
      package let mean: SampleMean
    }

    /// The pairs that it is made of.
    package let pairs: [Int]
    package let seam: String
    package let transplanted: Int
    package let map: String
    package let cuts: [Cut]
    /// Over cuts, seeds and reviews.
    package let mean: SampleMean
    /// This mean less that of the first map that is not drawn, seed by seed and review by review; nil for that map.
    package let difference: SampleMean?
    /// For each pair, the mean over cuts.
    package let means: [Double]
    /// For each pair, the highest accuracy of a cut (of the mean of draws): chosen by the labels, so too high.
    package let best: [Double]
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
      let differences = map == reference ? nil : base.map { zip(own, $0).map { zip($0, $1).map { $0 - $1 } } }
      return Curve(
        pairs: families.map(\.pair), seam: first.seam, transplanted: first.transplanted,
        map: first.maps[map].recipe.name,
        cuts: cuts.map { .init(kept: $0.kept, mean: SampleMean(ofSeeds: $0.shares, seed: seed)) },
        mean: SampleMean(ofSeeds: own, seed: seed),
        difference: differences.map { SampleMean(ofSeeds: $0, seed: seed) },
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
