import Reporting
import Testing

@Suite struct ProgressLineTests {
  private let ascii = Style(width: nil, usesUnicode: false)
  private let progress = ProgressLine(label: "pinv, 3 kept", unit: "reviews", total: 400)

  @Test func showsFractionRateAndTimeLeft() {
    let line = progress.line(completed: 150, elapsed: .seconds(5), style: ascii)
    #expect(line == "pinv, 3 kept  [#######.............]  150/400  37%  30.0 reviews/s  8.3 s left")
    #expect(
      progress.line(completed: 1, elapsed: .milliseconds(12_500), style: ascii)
        == "pinv, 3 kept  [....................]  1/400  0%  0.08 reviews/s  1 h 23 min left")
    #expect(
      progress.line(completed: 400, elapsed: .seconds(400), style: ascii)
        == "pinv, 3 kept  [####################]  400/400  100%  1.00 reviews/s  0.0 s left")
  }

  @Test func nothingIsKnownAtTheStart() {
    #expect(
      progress.line(completed: 0, elapsed: .seconds(2), style: ascii)
        == "pinv, 3 kept  [....................]  0/400  0%")
    #expect(
      progress.line(completed: 5, elapsed: .zero, style: ascii) == "pinv, 3 kept  [....................]  5/400  1%")
  }

  /// Only all of them are 100%, and only what this run did counts for its rate.
  @Test func resumedWorkIsNoSpeed() {
    let resumed = ProgressLine(label: "x", unit: "reviews", total: 1000, resumed: 900)
    #expect(
      resumed.line(completed: 999, elapsed: .seconds(33), style: ascii)
        == "x  [###################.]  999/1000  99%  3.00 reviews/s  0.3 s left")
    #expect(
      resumed.summary(completed: 1000, elapsed: .seconds(125))
        == "x: 1000 reviews, 900 of them earlier in 2 min 05 s (0.80 reviews/s)")
    #expect(
      resumed.line(completed: 900, elapsed: .seconds(1), style: ascii) == "x  [##################..]  900/1000  90%")
  }

  @Test func barHasEighths() {
    let line = ProgressLine(label: "", unit: "u", total: 176).line(completed: 13, elapsed: .zero, style: .plain)
    #expect(line == ("  █▋" + String(repeating: " ", count: 20) + "  13/176  7%"))
  }

  @Test(arguments: [100, 70, 65, 50, 20, 1, 0])
  func fitsTheTerminal(width: Int) {
    let line = ProgressLine(label: "漢字漢字漢字 and much more to say", unit: "reviews", total: 400)
      .line(completed: 200, elapsed: .seconds(10), style: Style(width: width, usesUnicode: false))
    #expect(line.reduce(0) { $0 + ($1 == "漢" || $1 == "字" ? 2 : 1) } <= width)
    #expect(line.contains("[###") == (width >= 65))
    if width >= 50 { #expect(line.hasSuffix("200/400  50%  20.0 reviews/s  10 s left")) }
  }

  @Test func summaries() {
    #expect(
      progress.summary(completed: 400, elapsed: .milliseconds(9700))
        == "pinv, 3 kept: 400 reviews in 9.7 s (41.2 reviews/s)")
    #expect(progress.summary(completed: 0, elapsed: .zero) == "pinv, 3 kept: 0 reviews in 0.0 s")
    #expect(
      ProgressLine(label: "a\rb", unit: "u", total: 0).summary(completed: 0, elapsed: .seconds(7260))
        == "a␍b: 0 u in 2 h 01 min")
    #expect(
      ProgressLine(label: "a", unit: "u", total: 0).line(completed: 0, elapsed: .seconds(1), style: ascii).hasSuffix(
        "0/0  100%"))
  }
}
