import DenseMath
import Evaluation

/// A number that every pair of several models has, summed up over the models.
///
/// Pairs that share a model are not independent, so the interval resamples models, not pairs: Sellam et al., "The
/// MultiBERTs" (2022), section 3, resample seeds in the same way (Multi-Bootstrap).
package struct PairStatistic: Equatable, Sendable {
  /// Over the pairs of different models.
  package let mean: Double
  /// The 2.5% and 97.5% quantiles of the mean over resampled models; nil for two models, which have but one pair.
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
    // A draw of one model over and over has no pair and is drawn again.
    var means: [Double] = []
    while means.count < resamples {
      if let mean = mean(of: (0..<models).map { _ in generator.uniform(below: models) }) { means.append(mean) }
    }
    interval = Interval(quantilesOf: means)
  }
}
