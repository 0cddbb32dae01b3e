import Reporting
import Testing
import Transformer

@Suite struct ProgressLineTests {
  private let ascii = Style(width: nil, usesUnicode: false)
  private let progress = ProgressLine(.init("pinv, 3 kept", unit: "reviews", total: 400))

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

  /// Only a complete count is 100%, and only the work of this run counts for its rate.
  @Test func resumedWorkIsNoSpeed() {
    let resumed = ProgressLine(.init("x", unit: "reviews", total: 1000, resumed: 900))
    #expect(
      resumed.line(completed: 999, elapsed: .seconds(33), style: ascii)
        == "x  [###################.]  999/1000  99%  3.00 reviews/s  0.3 s left")
    #expect(
      resumed.plainLine(completed: 999, elapsed: .seconds(33))
        == "x: 999/1000 reviews, 99%, 33 s elapsed, 0.3 s left")
    #expect(
      resumed.line(completed: 900, elapsed: .seconds(1), style: ascii) == "x  [##################..]  900/1000  90%")
  }

  @Test func barHasEighths() {
    let line = ProgressLine(.init("", unit: "u", total: 176)).line(completed: 13, elapsed: .zero, style: .plain)
    #expect(line == ("  █▋" + String(repeating: " ", count: 20) + "  13/176  7%"))
  }

  @Test(arguments: [100, 70, 65, 50, 20, 1, 0])
  func fitsTheTerminal(width: Int) {
    let line = ProgressLine(.init("漢字漢字漢字 and much more to say", unit: "reviews", total: 400))
      .line(completed: 200, elapsed: .seconds(10), style: Style(width: width, usesUnicode: false))
    #expect(line.reduce(0) { $0 + ($1 == "漢" || $1 == "字" ? 2 : 1) } <= width)
    #expect(line.contains("[###") == (width >= 65))
    if width >= 50 { #expect(line.hasSuffix("200/400  50%  20.0 reviews/s  10 s left")) }
  }

  @Test func plainLines() {
    #expect(
      progress.plainLine(completed: 150, elapsed: .seconds(90))
        == "pinv, 3 kept: 150/400 reviews, 37%, 1 min 30 s elapsed, 2 min 30 s left")
    #expect(progress.plainLine(completed: 0, elapsed: .seconds(30)) == "pinv, 3 kept: 0/400 reviews, 0%, 30 s elapsed")
    #expect(
      ProgressLine(.init("a\rb", unit: "u", total: 0)).plainLine(completed: 0, elapsed: .seconds(7260))
        == "a␍b: 0/0 u, 100%, 2 h 01 min elapsed")
    #expect(
      ProgressLine(.init("a", unit: "u", total: 0)).line(completed: 0, elapsed: .seconds(1), style: ascii).hasSuffix(
        "0/0  100%"))
  }

  @Test func workThatIsNotCountedShowsItsTime() {
    let line = ProgressLine(.init("digest of\nmodel"))
    #expect(line.line(completed: 0, elapsed: .seconds(12), style: ascii) == "digest of␊model  12 s")
    #expect(line.plainLine(completed: 0, elapsed: .seconds(95)) == "digest of␊model: 1 min 35 s elapsed")
    #expect(
      line.line(completed: 0, elapsed: .seconds(12), style: Style(width: 10, usesUnicode: false)) == "digest of~")
  }
}

@Suite struct ProgressDisplayTests {
  private let line = ProgressLine(.init("evaluate", unit: "batches", total: 10))
  private let style = Style(width: nil, usesUnicode: false)

  @Test(arguments: [
    (ProgressChoice.auto, true, ProgressDisplay.Form.redrawn), (.auto, false, .plain), (.plain, true, .plain),
    (.plain, false, .plain), (.none, true, .none), (.none, false, .none),
  ])
  func formDependsOnTheTerminal(choice: ProgressChoice, isTerminal: Bool, form: ProgressDisplay.Form) {
    #expect(ProgressDisplay(choice, isTerminal: isTerminal).form == form)
  }

  @Test func plainLinesComeEvery30Seconds() {
    let plain = ProgressDisplay(.auto, isTerminal: false)
    #expect(plain.interval == .seconds(30))
    #expect(
      plain.text(line, completed: 2, elapsed: .seconds(20), style: style)
        == "graft: progress: evaluate: 2/10 batches, 20%, 20 s elapsed, 1 min 20 s left\n")
    #expect(plain.erasure == "")
    #expect(ProgressDisplay(.plain, isTerminal: true, plainInterval: .seconds(1)).interval == .seconds(1))
  }

  @Test func aLineIsRedrawnInPlaceAndNotAtOnce() {
    let redrawn = ProgressDisplay(.auto, isTerminal: true)
    #expect(redrawn.interval == .milliseconds(100))
    #expect(redrawn.text(line, completed: 2, elapsed: .milliseconds(499), style: style) == nil)
    #expect(
      redrawn.text(line, completed: 2, elapsed: .seconds(1), style: style)
        == "\r\u{1B}[Kevaluate  [####................]  2/10  20%  2.00 batches/s  4.0 s left")
    #expect(redrawn.erasure == "\r\u{1B}[K")
  }

  @Test func noneIsSilent() {
    #expect(
      ProgressDisplay(.none, isTerminal: true).text(line, completed: 2, elapsed: .seconds(90), style: style) == nil)
  }
}
