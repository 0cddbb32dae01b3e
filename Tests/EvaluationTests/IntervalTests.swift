import Evaluation
import Testing

@Suite struct IntervalTests {
  @Test func bootstrapIsAboutTheNormalInterval() {
    // The standard error of the mean of 0, 1, ... 399 is 115.47 / 20 = 5.77.
    let interval = Interval.bootstrap(meanOf: (0..<400).map(Double.init), seed: 7)
    #expect(abs(interval.low - (199.5 - 11.3)) < 1.5 && abs(interval.high - (199.5 + 11.3)) < 1.5, "\(interval)")
    #expect(interval == Interval.bootstrap(meanOf: (0..<400).map(Double.init), seed: 7))
    #expect(interval != Interval.bootstrap(meanOf: (0..<400).map(Double.init), seed: 8))
    #expect(Interval.bootstrap(meanOf: [3, 3, 3], seed: 1) == Interval(low: 3, high: 3))
  }

  /// Long texts count by their length; with equal lengths it is the bootstrap of the mean.
  @Test func aRatioIsDrawnAsOne() {
    let values = (0..<50).map(Double.init)
    let mean = Interval.bootstrap(meanOf: values, seed: 3)
    #expect(Interval.bootstrap(ratioOf: values, to: values.map { _ in 1 }, seed: 3) == mean)
    // One ratio everywhere, whatever the sizes.
    let interval = Interval.bootstrap(ratioOf: values.map { 3 * ($0 + 1) }, to: values.map { $0 + 1 }, seed: 3)
    #expect(abs(interval.low - 3) < 1e-12 && abs(interval.high - 3) < 1e-12)
    // A short text that differs changes it less than a long one.
    let short = Interval.bootstrap(ratioOf: [1, 100, 100, 100, 100], to: [1, 50, 50, 50, 50], seed: 3)
    #expect(short.high == 2 && short.low > 1.9)
    let long = Interval.bootstrap(ratioOf: [50, 2, 2, 2, 2], to: [50, 1, 1, 1, 1], seed: 3)
    #expect(long.high == 2 && long.low < 1.1)
  }

  /// Effects of seeds and of examples, added: the variance of the mean is the sum of both means' (the bootstrap's own, with
  /// n in place of n - 1), and each part alone gives its own interval.
  @Test func multiBootstrapCountsSeedsAndExamples() {
    let seeds = (0..<20).map { 0.01 * Double($0) }
    let examples = (0..<300).map { Double(($0 * 7919) % 300) / 300 }
    func deviationOfMean(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / Double(values.count)
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return (square / Double(values.count)).squareRoot()
    }
    func width(_ values: [[Double]]) -> Double {
      let interval = Interval.multiBootstrap(meanOf: values, resamples: 4000, seed: 11)
      return interval.high - interval.low
    }
    let (s, e) = (deviationOfMean(seeds), deviationOfMean(examples))
    let both = width(seeds.map { seed in examples.map { seed + $0 } })
    #expect(abs(both / (2 * 1.96 * (s * s + e * e).squareRoot()) - 1) < 0.06, "\(both)")
    #expect(abs(width(seeds.map { seed in examples.map { _ in seed } }) / (2 * 1.96 * s) - 1) < 0.06)
    #expect(abs(width(seeds.map { _ in examples }) / (2 * 1.96 * e) - 1) < 0.06)
    #expect(abs(width([examples]) / (2 * 1.96 * e) - 1) < 0.06)
    // More seeds that agree are not more examples: resampling them as if all were independent would make them so.
    let naive = Interval.bootstrap(meanOf: seeds.flatMap { _ in examples }, seed: 11)
    #expect(naive.high - naive.low < 0.4 * width(seeds.map { _ in examples }))
    #expect(
      Interval.multiBootstrap(meanOf: [[1, 2], [3, 5]], seed: 1)
        == .multiBootstrap(meanOf: [[1, 2], [3, 5]], seed: 1))
  }
}
