import Evaluation
import Files

/// Statistics of whole curves of an experiment: maps compared on the same reviews.
package struct StitchCurves: Sendable {
  /// The curves of one pair, seam and number of transplanted blocks.
  package struct Family: Sendable {
    package let scores: StitchFamily
    package let curves: [Curve]
    package let comparisons: [Comparison]
  }

  /// A map over all cuts; each review's value is the share of cuts (and draws) at which it was right.
  package struct Curve: Sendable {
    package let map: String
    /// Its interval from resampling reviews.
    package let mean: SampleMean
    /// This mean minus that of the first map that is not drawn, review by review; nil for that map.
    package let difference: SampleMean?
    package let best: StitchResults.Score
  }

  /// A map against the first one that is not drawn, at one cut.
  package struct Comparison: Sendable {
    package let first: StitchPoint
    package let second: StitchPoint
    package let table: RunComparison
    /// McNemar's exact p after Holm's correction (Scandinavian Journal of Statistics 6, 1979) for all comparisons of the
    /// family.
    package let corrected: Double
  }

  /// The curves of pairs whose fine-tuned models differ in their seed, on one pretrained model, with intervals over
  /// seeds and reviews by the Multi-Bootstrap.
  package struct SeedFamily: Sendable {
    package let pairs: [Int]
    package let seam: String
    package let transplanted: Int
    package let curves: [SeedCurve]
  }

  /// A map over several seeds.
  package struct SeedCurve: Sendable {
    package let map: String
    /// At each cut, over seeds, reviews and the draws of a drawn map.
    package let cuts: [(kept: Int, mean: SampleMean)]
    /// Over cuts, seeds and reviews.
    package let mean: SampleMean
    /// This mean minus that of the first map that is not drawn, seed by seed and review by review; nil for that map.
    package let difference: SampleMean?
    /// For each pair, the mean over cuts.
    package let means: [Double]
    /// For each pair, the highest accuracy of a cut (of the mean of draws), biased upwards since labels select it.
    package let best: [Double]
  }

  package let families: [Family]
  package let seeds: [SeedFamily]
  /// The automatic cuts of seeds, where `auto` was asked for.
  package let automatic: [AutomaticSeeds]

  /// - Parameters:
  ///   - facts: of the maps, by which `auto` chose.
  ///   - seed: of the resampling.
  /// - Throws: `EvaluationError` when points of a pair differ in their reviews.
  package init(_ results: StitchResults, facts: [StitchPoint: MapFacts], seed: UInt64) throws {
    let all = results.families
    families = try all.map { Family(scores: $0, curves: $0.curves(seed: seed), comparisons: try $0.comparisons()) }
    let sets = results.grid.seedSets.flatMap { pairs in
      results.grid.seams.flatMap { seam in
        results.grid.pairs[pairs[0]].transplanted.map { transplanted in
          (
            pairs,
            all.filter { pairs.contains($0.pair) && $0.seam == seam && $0.transplanted == transplanted }
          )
        }
      }
    }
    seeds = sets.compactMap { StitchFamily.seedCurves($1, of: $0, seed: seed) }
    automatic = sets.compactMap { AutomaticSeeds($1, of: $0, results: results, facts: facts, seed: seed) }
  }
}

extension StitchCurves: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "comparisons": families.flatMap(\.comparisons), "curves": families.flatMap(\.members),
      "seed_chosen": automatic.map(\.members), "seed_curves": seeds.flatMap(\.members),
    ])
  }

  /// The members of both kinds of curves.
  fileprivate static func members(_ map: String, _ mean: SampleMean, _ difference: SampleMean?) -> JSONMembers {
    [
      "ci95": mean.interval, "difference": difference?.value, "difference_ci95": difference?.interval, "map": map,
      "mean_accuracy": mean.value,
    ]
  }
}

extension StitchCurves.Family {
  fileprivate var members: [JSONMembers] {
    curves.map { curve in
      StitchCurves.members(curve.map, curve.mean, curve.difference) + [
        "best_accuracy": curve.best.accuracy, "best_ci95": curve.best.interval, "best_kept": curve.best.point.cut.kept,
        "pair": scores.pair, "seam": scores.seam, "transplanted": scores.transplanted,
      ]
    }
  }
}

extension StitchCurves.Comparison: Encodable {
  package func encode(to encoder: any Encoder) throws {
    let own: JSONMembers = [
      "first": first.map, "kept": first.cut.kept, "p_holm": corrected, "pair": first.pair, "seam": first.seam,
      "second": second.map, "transplanted": first.cut.transplanted,
    ]
    try encoder.encode(own + table)
  }
}

extension StitchCurves.SeedFamily {
  fileprivate var members: [JSONMembers] {
    curves.map { curve in
      StitchCurves.members(curve.map, curve.mean, curve.difference) + [
        "best_accuracies": curve.best,
        "cuts": curve.cuts.map {
          ["ci95": $0.mean.interval, "kept": $0.kept, "mean_accuracy": $0.mean.value] as JSONMembers
        },
        "mean_accuracies": curve.means, "pairs": pairs, "seam": seam, "transplanted": transplanted,
      ]
    }
  }
}
