import DenseMath

extension Interval {
  /// The Multi-Bootstrap of a mean over training seeds and test examples (Sellam et al. 2022, "The MultiBERTs", section
  /// 3): seeds and examples are resampled together, with the same examples for every seed, so that the interval holds
  /// for other seeds and examples.
  ///
  /// For two procedures that share their seeds, give the differences, seed by seed and example by example.
  /// - Parameters:
  ///   - values: one row per seed with one number per example. One row makes it a bootstrap over examples.
  ///   - seed: of the draws; the same numbers for the same seed.
  /// - Precondition: `values` is not empty, nor its rows, which are equally long.
  package static func multiBootstrap(meanOf values: [[Double]], resamples: Int = 1000, seed: UInt64) -> Interval {
    let examples = values.first?.count ?? 0
    precondition(examples > 0 && resamples > 0, "a bootstrap needs values and resamples")
    precondition(values.allSatisfy { $0.count == examples }, "every seed meets the same examples")
    var generator = SplitMix64(seed: seed)
    let means = (0..<resamples).map { _ in
      var seeds = [Int](repeating: 0, count: values.count)
      for _ in values.indices { seeds[generator.uniform(below: values.count)] += 1 }
      var counts = [Double](repeating: 0, count: examples)
      for _ in 0..<examples { counts[generator.uniform(below: examples)] += 1 }
      var sum = 0.0
      for (row, times) in zip(values, seeds) where times > 0 {
        var total = 0.0
        for index in 0..<examples { total += counts[index] * row[index] }
        sum += Double(times) * total
      }
      return sum / Double(values.count * examples)
    }
    return Interval(quantilesOf: means)
  }
}
