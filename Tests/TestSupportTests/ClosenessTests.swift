import TestSupport
import Testing

@Suite struct ClosenessTests {
  @Test func passesWhatIsWithinBoundsAndReturnsTheLargestError() {
    let error = expectClose([1.0, -2.5, 0.25], [1, -2, 0], absolute: 0.25, relative: 0.125, "exactly at the bound")
    #expect(error == 0.5)
    #expect(expectClose([Float](), [], absolute: 0, relative: 0, "empty") == 0)
    #expect(expectClose([Float.infinity], [.infinity], absolute: 0, relative: 0, "the same infinity") == 0)
    let fraction = expectCloseToLargest([Float(0.5), -8], [0, -8], fraction: 0.0625, "small one of a large row")
    #expect(fraction == 0.0625)
    #expect(expectCloseToLargest([Float(0)], [0], fraction: 0, "all zero") == 0)
  }

  @Test(arguments: [1.0, -1.0])
  func failsOnEitherSide(sign: Double) {
    withKnownIssue { expectClose([sign * 1.01], [sign], absolute: 0.005, relative: 0.004, "too large") }
    withKnownIssue { expectClose([sign * 0.99], [sign], absolute: 0.005, relative: 0.004, "too small") }
    withKnownIssue { expectClose([sign * 0.01], [0], absolute: 0.005, relative: 0.5, "about zero") }
    withKnownIssue { expectCloseToLargest([4, sign * 1.01], [4, sign], fraction: 0.002, "second of two") }
  }

  @Test func failsOnNaNInEitherPlace() {
    withKnownIssue { #expect(expectClose([Double.nan], [0], absolute: 9, relative: 9, "found NaN") == .infinity) }
    withKnownIssue { expectClose([0.0], [.nan], absolute: 9, relative: 9, "expected NaN") }
    withKnownIssue { expectClose([Float.nan], [.nan], absolute: 9, relative: 9, "both NaN") }
    withKnownIssue { expectCloseToLargest([Double.nan, 1], [1, 1], fraction: 9, "found NaN") }
    withKnownIssue { expectCloseToLargest([1.0, 1], [1, .nan], fraction: 9, "expected NaN") }
  }

  @Test func failsOnInfinityThatIsNotTheSame() {
    withKnownIssue { expectClose([Double.infinity], [1], absolute: 9, relative: 9, "found infinity") }
    withKnownIssue { expectClose([1.0], [.infinity], absolute: 9, relative: 9, "expected infinity") }
    withKnownIssue { expectClose([-Double.infinity], [.infinity], absolute: 9, relative: 9, "the other infinity") }
    withKnownIssue { expectCloseToLargest([1.0, 2], [.infinity, 2], fraction: 9, "expected infinity") }
    withKnownIssue { expectCloseToLargest([.infinity, 3.0], [.infinity, 2], fraction: 9, "beside infinity") }
  }

  @Test func failsOnAnotherCount() {
    withKnownIssue { #expect(expectClose([1.0], [1, 1], absolute: 9, relative: 9, "one too few") == .infinity) }
    withKnownIssue { expectClose([1.0, 1], [1], absolute: 9, relative: 9, "one too many") }
    withKnownIssue { expectCloseToLargest([Double](), [1], fraction: 9, "none") }
  }

  @Test func saysWhereTheLargestErrorIsAndWhichFailed() {
    withKnownIssue {
      expectClose([1.0, 5, 3, 1010], [1, 2, 2, 1000], absolute: 0.5, relative: 0.0625, "row")
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      return text.contains("row: 2 of 4") && text.contains("error 10.0 at index 3")
        && text.contains("bound index 1: expected 2.0, found 5.0, allowed 0.625")
        && issue.sourceLocation?.fileName == "ClosenessTests.swift"
    }
  }
}
