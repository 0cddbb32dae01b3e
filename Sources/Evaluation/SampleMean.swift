/// The mean of a sample, and where it may lie.
package struct SampleMean: Equatable, Sendable {
  package let value: Double
  package let interval: Interval

  package init(value: Double, interval: Interval) {
    self.value = value
    self.interval = interval
  }

  /// With the percentile bootstrap's interval (`Interval.bootstrap`); nil for an empty sample.
  package init?(of values: [Double], seed: UInt64) {
    guard !values.isEmpty else { return nil }
    self.init(
      value: values.reduce(0, +) / Double(values.count), interval: .bootstrap(meanOf: values, seed: seed))
  }

  /// Of other seeds and other examples, with the Multi-Bootstrap's interval (`Interval.multiBootstrap`).
  /// - Parameter values: a row a seed, in each a number an example.
  /// - Precondition: `values` is not empty, nor its rows, which are equally long.
  package init(ofSeeds values: [[Double]], seed: UInt64) {
    func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
    self.init(value: mean(values.map(mean)), interval: .multiBootstrap(meanOf: values, seed: seed))
  }
}
