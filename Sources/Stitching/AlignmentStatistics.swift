import DenseMath
import Evaluation
import Transformer

/// A statistic of every pair of several models, averaged over the models.
///
/// Pairs that share a model are not independent, so the interval resamples models, not pairs: Sellam et al., "The
/// MultiBERTs" (2022), section 3, resample seeds in the same way (Multi-Bootstrap).
package struct PairStatistic: Equatable, Sendable {
  /// Over the pairs of different models.
  package let mean: Double
  /// The 2.5% and 97.5% quantiles of the mean over resampled models; nil for two models, which are a single pair.
  package let interval: Interval?

  /// - Parameters:
  ///   - models: how many.
  ///   - value: of models i < j.
  package init(models: Int, resamples: Int = 1000, seed: UInt64, _ value: (Int, Int) -> Double) {
    precondition(models > 1, "a pair needs two models")
    var values = [Double](repeating: 0, count: models * models)
    for i in 0..<models {
      for j in i + 1..<models {
        values[i * models + j] = value(i, j)
        values[j * models + i] = values[i * models + j]
      }
    }
    func mean(of draw: [Int]) -> Double? {
      var (sum, count) = (0.0, 0)
      for i in draw.indices {
        for j in draw.indices where j > i && draw[i] != draw[j] {
          sum += values[draw[i] * models + draw[j]]
          count += 1
        }
      }
      return count > 0 ? sum / Double(count) : nil
    }
    self.mean = mean(of: Array(0..<models)) ?? 0
    guard models > 2 else {
      interval = nil
      return
    }
    var generator = SplitMix64(seed: seed)
    // A draw of one model only has no pair and is repeated.
    var means: [Double] = []
    while means.count < resamples {
      if let mean = mean(of: (0..<models).map { _ in generator.uniform(below: models) }) { means.append(mean) }
    }
    interval = Interval(quantilesOf: means)
  }
}

/// Three statistics of each group over all pairs of several models.
package struct AlignmentSummary: Sendable {
  package struct Line: Sendable {
    package let kind: ParameterKind
    package let space: AlignmentSpace
    /// Of the pairs of layers, the share on the diagonal.
    package let hits: PairStatistic
    /// `LayerAlignment.meanOffset`
    package let offset: PairStatistic
    /// `LayerAlignment.margin`
    package let margin: PairStatistic
  }

  package let models: Int
  package let lines: [Line]

  /// - Parameter pairs: every pair of `models` models. A group is left out unless every pair has it.
  package init(_ pairs: [AlignedPair], models: Int, seed: UInt64) {
    self.models = models
    lines = AlignmentSpace.allCases.flatMap { space in
      ParameterKind.alignmentOrder.compactMap { kind in
        let found = pairs.compactMap { pair in
          pair.groups.first { $0.kind == kind && $0.space == space }?.alignment
        }
        guard found.count == pairs.count else { return nil }
        func statistic(_ value: (LayerAlignment) -> Double) -> PairStatistic {
          PairStatistic(models: models, seed: seed) { first, second in
            zip(pairs, found).first { $0.0.first == first && $0.0.second == second }.map { value($0.1) } ?? .nan
          }
        }
        return Line(
          kind: kind, space: space,
          hits: statistic { Double($0.diagonalHits) / Double(max(1, $0.assignment.pairs.count)) },
          offset: statistic(\.meanOffset), margin: statistic { $0.margin ?? .nan })
      }
    }
  }
}

extension AlignmentSummary.Line: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "diagonal_share": hits, "group": kind.symbol, "margin": margin, "mean_offset": offset, "space": space.rawValue,
    ])
  }
}

extension PairStatistic: Encodable {
  package func encode(to encoder: any Encoder) throws { try encoder.encode(["ci95": interval, "mean": mean]) }
}
