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

  /// Long texts count by their length; equal lengths make it the bootstrap of the mean.
  @Test func aRatioIsDrawnAsOne() {
    let values = (0..<50).map(Double.init)
    let mean = Interval.bootstrap(meanOf: values, seed: 3)
    #expect(Interval.bootstrap(ratioOf: values, to: values.map { _ in 1 }, seed: 3) == mean)
    // One ratio everywhere, whatever the sizes.
    let interval = Interval.bootstrap(ratioOf: values.map { 3 * ($0 + 1) }, to: values.map { $0 + 1 }, seed: 3)
    #expect(abs(interval.low - 3) < 1e-12 && abs(interval.high - 3) < 1e-12)
    // A short text that differs moves it less than a long one.
    let short = Interval.bootstrap(ratioOf: [1, 100, 100, 100, 100], to: [1, 50, 50, 50, 50], seed: 3)
    #expect(short.high == 2 && short.low > 1.9)
    let long = Interval.bootstrap(ratioOf: [50, 2, 2, 2, 2], to: [50, 1, 1, 1, 1], seed: 3)
    #expect(long.high == 2 && long.low < 1.1)
  }
}
