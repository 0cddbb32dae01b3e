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
}
