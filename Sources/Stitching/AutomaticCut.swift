import Evaluation
import Files

/// The cut that `auto` chooses for a pair, a seam and a number of transplanted blocks: of its maps at each cut the one with which
/// the classifier's answers come closest to B's own, on texts without labels. The reviews have no part in it.
package struct AutomaticCut: Sendable {
  package let score: StitchResults.Score
  /// The map that was chosen there.
  package let map: MapRecipe
  /// Mean KL(B ‖ stitched) of the answers, in nats.
  package let divergence: Double

  /// - Returns: nil where `auto` was not asked for, or a shard lacks a cut.
  init?(_ family: StitchFamily, of grid: StitchGrid, _ facts: [StitchPoint: MapFacts]) {
    guard let scores = family.maps.first(where: { $0.recipe.kind == .auto })?.scores, !scores.isEmpty,
      scores.count == grid.pairs[family.pair].kept.count
    else { return nil }
    let cuts = scores.compactMap { score -> AutomaticCut? in
      guard let own = facts[score.point], let map = own.chosen, let divergence = own.divergence else { return nil }
      return AutomaticCut(score: score, map: map, divergence: divergence)
    }
    guard cuts.count == scores.count,
      let chosen = StitchCut.automatic(cuts.map { ($0.score.point.cut, $0.divergence) }),
      let best = cuts.first(where: { $0.score.point.cut == chosen })
    else { return nil }
    self = best
  }

  private init(score: StitchResults.Score, map: MapRecipe, divergence: Double) {
    self.score = score
    self.map = map
    self.divergence = divergence
  }
}

extension StitchCut {
  /// The cut that `auto` chooses: the least divergence of its answers from B's, of equal ones the one that keeps fewer blocks.
  package static func automatic(_ divergences: [(cut: StitchCut, divergence: Double)]) -> StitchCut? {
    divergences.min { ($0.divergence, $0.cut) < ($1.divergence, $1.cut) }?.cut
  }
}

extension StitchResults {
  /// What `auto` chose in each family; none where it was not asked for.
  package func automaticCuts(_ facts: [StitchPoint: MapFacts]) -> [AutomaticCut] {
    families.compactMap { AutomaticCut($0, of: grid, facts) }
  }
}

extension AutomaticCut {
  /// `accuracy`, `ci95`, `kept`, `kl_to_finetuned`, `levels`, `map`, `n`, `transplanted`.
  package var membersInPair: JSONMembers {
    [
      "accuracy": score.accuracy, "ci95": score.interval, "kept": score.point.cut.kept, "kl_to_finetuned": divergence,
      "levels": map.levels.states(kept: score.point.cut.kept).map(\.name), "map": map.name, "n": score.n,
      "transplanted": score.point.cut.transplanted,
    ]
  }
}

extension StitchCurves {
  /// The automatic cuts of fine-tuned models that differ in their seed, each at its own cut.
  package struct AutomaticSeeds: Sendable {
    package let pairs: [Int]
    package let seam: String
    package let transplanted: Int
    package let cuts: [AutomaticCut]
    /// Over seeds and reviews.
    package let mean: SampleMean
    /// The same of B itself.
    package let finetuned: SampleMean
    /// B itself subtracted, seed by seed and review by review.
    package let difference: SampleMean

    /// - Parameter families: of the pairs, in their order.
    /// - Returns: nil unless every pair has an automatic cut and B's own answers to the same reviews.
    init?(
      _ families: [StitchFamily], of pairs: [Int], results: StitchResults, facts: [StitchPoint: MapFacts], seed: UInt64
    ) {
      cuts = families.compactMap { AutomaticCut($0, of: results.grid, facts) }
      let own = pairs.compactMap { results.finetuned($0) }
      guard let first = families.first, cuts.count == pairs.count, own.count == pairs.count else { return nil }
      func rows(_ scores: [StitchResults.Score]) -> [[Double]] {
        scores.map { $0.predictions.map { $0.isCorrect ? 1 : 0 } }
      }
      let (chosen, itself) = (rows(cuts.map(\.score)), rows(own))
      guard let count = chosen.first?.count, count > 0, (chosen + itself).allSatisfy({ $0.count == count }) else {
        return nil
      }
      self.pairs = pairs
      seam = first.seam
      transplanted = first.transplanted
      mean = SampleMean(ofSeeds: chosen, seed: seed)
      finetuned = SampleMean(ofSeeds: itself, seed: seed)
      difference = SampleMean(ofSeeds: zip(chosen, itself).map { zip($0, $1).map { $0 - $1 } }, seed: seed)
    }
  }
}

extension StitchCurves.AutomaticSeeds {
  package var members: JSONMembers {
    [
      "accuracies": cuts.map(\.score.accuracy), "ci95": mean.interval, "difference": difference.value,
      "difference_ci95": difference.interval, "finetuned": finetuned.value, "finetuned_ci95": finetuned.interval,
      "kept": cuts.map(\.score.point.cut.kept), "maps": cuts.map(\.map), "mean_accuracy": mean.value, "pairs": pairs,
      "seam": seam, "transplanted": transplanted,
    ]
  }
}
