import DenseMath

/// A 95% confidence interval, as fractions.
public struct Interval: Equatable, Sendable {
  /// The lower end.
  public let low: Double
  /// The upper end.
  public let high: Double

  /// An interval with these ends.
  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// The 0.975 quantile of the standard normal distribution.
  static let z = 1.959963984540054

  /// Wilson's score interval for a proportion (JASA 22:209, 1927), without continuity correction: 0 and 1 are reached
  /// exactly when no or all trials succeed.
  /// - Precondition: `trials` is positive and `successes` within 0...trials.
  public static func wilson(successes: Int, of trials: Int) -> Interval {
    precondition(trials > 0 && (0...trials).contains(successes), "successes must be within 0...trials, trials positive")
    let n = Double(trials)
    let share = Double(successes) / n
    let centre = share + z * z / (2 * n)
    let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return Interval(
      low: successes == 0 ? 0 : (centre - half) / scale, high: successes == trials ? 1 : (centre + half) / scale)
  }
}

extension Interval {
  /// The percentile bootstrap of a mean (Efron 1979, Annals of Statistics 7:1): the 2.5% and 97.5% quantiles of the means
  /// of `resamples` draws with replacement. The same numbers for the same seed.
  /// - Precondition: `values` is not empty.
  public static func bootstrap(meanOf values: [Double], resamples: Int = 1000, seed: UInt64) -> Interval {
    bootstrap(
      ratioOf: values, to: [Double](repeating: 1, count: values.count), resamples: resamples, seed: seed)
  }

  /// The percentile bootstrap of Σ numerators / Σ denominators, such as a mean over the tokens of resampled texts: both
  /// sums are over the same draws. One seed draws the same for every ratio over the same texts.
  /// - Precondition: as many denominators as numerators, at least one, all of them positive.
  public static func bootstrap(
    ratioOf numerators: [Double], to denominators: [Double], resamples: Int = 1000, seed: UInt64
  ) -> Interval {
    precondition(!numerators.isEmpty && resamples > 0, "a bootstrap needs values and resamples")
    precondition(numerators.count == denominators.count, "a denominator a numerator")
    var generator = SplitMix64(seed: seed)
    let ratios = (0..<resamples).map { _ in
      var (sum, size) = (0.0, 0.0)
      for _ in numerators.indices {
        let draw = generator.uniform(below: numerators.count)
        sum += numerators[draw]
        size += denominators[draw]
      }
      return sum / size
    }
    return Interval(quantilesOf: ratios)
  }

  /// The 2.5% and 97.5% quantiles of resampled values.
  /// - Precondition: `values` is not empty.
  public init(quantilesOf values: [Double]) {
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double { sorted[Int((share * Double(sorted.count - 1)).rounded())] }
    self.init(low: quantile(0.025), high: quantile(0.975))
  }
}

extension Interval: Encodable {
  /// [low, high].
  public func encode(to encoder: any Encoder) throws { try [low, high].encode(to: encoder) }
}
