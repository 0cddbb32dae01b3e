import TestSupport
import Testing

@Suite struct SeededNumbersTests {
  @Test func followsThePublishedSequence() {
    // The first outputs of the reference implementation (Vigna, splitmix64.c) for the seed 1234567.
    var numbers = SeededNumbers(seed: 1_234_567)
    let expected: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    #expect((0..<3).map { _ in numbers.next() } == expected)
  }

  @Test func uniformNumbersFillTheirRange() {
    var numbers = SeededNumbers(seed: 1)
    let row = numbers.uniform(-2, 6, count: 10_000).map(Double.init)
    #expect(row.allSatisfy { $0 >= -2 && $0 <= 6 })
    // The mean's standard error is 0.023.
    expectClose([row.reduce(0, +) / 10_000], [2], absolute: 0.1, relative: 0, "mean")
    #expect(row.contains { $0 < -1.9 } && row.contains { $0 > 5.9 })
  }

  @Test func normalNumbersHaveTheirMoments() {
    var numbers = SeededNumbers(seed: 2)
    let row = numbers.normal(mean: 3, deviation: 2, count: 10_000).map(Double.init)
    let mean = row.reduce(0, +) / 10_000
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10_000
    // Standard errors 0.02 and 0.06.
    expectClose([mean, variance], [3, 4], absolute: 0.1, relative: 0.03, "mean and variance")
    #expect(row.allSatisfy { $0.isFinite })
  }
}
