/// The mean of a sample, with an interval.
package struct SampleMean: Equatable, Sendable {
  package let value: Double
  package let interval: Interval

  package init(value: Double, interval: Interval) {
    self.value = value
    self.interval = interval
  }

  /// With the interval of the percentile bootstrap (`Interval.bootstrap`); nil for an empty sample.
  package init?(of values: [Double], seed: UInt64) {
    guard !values.isEmpty else { return nil }
    self.init(
      value: values.reduce(0, +) / Double(values.count), interval: .bootstrap(meanOf: values, seed: seed))
  }

  /// With the interval of the Multi-Bootstrap (`Interval.multiBootstrap`).
  /// - Parameter values: one row per seed with one number per example.
  /// - Precondition: `values` is not empty, nor its rows, which are equally long.
  package init(ofSeeds values: [[Double]], seed: UInt64) {
    func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
    self.init(value: mean(values.map(mean)), interval: .multiBootstrap(meanOf: values, seed: seed))
  }
}
