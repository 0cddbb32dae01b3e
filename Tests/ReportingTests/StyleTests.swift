import Reporting
import Testing

@Suite struct StyleTests {
  @Test(arguments: [
    (ColorChoice.auto, [:], true, true), (.auto, [:], false, false), (.auto, ["NO_COLOR": "1"], true, false),
    (.auto, ["NO_COLOR": ""], true, true), (.auto, ["FORCE_COLOR": "1"], false, true),
    (.auto, ["FORCE_COLOR": "0"], true, false), (.auto, ["FORCE_COLOR": ""], false, false),
    (.auto, ["NO_COLOR": "1", "FORCE_COLOR": "1"], true, false), (.auto, ["TERM": "dumb"], true, false),
    (.always, ["NO_COLOR": "1"], false, true), (.never, ["FORCE_COLOR": "1"], true, false),
  ])
  func decidesOnColor(choice: ColorChoice, environment: [String: String], isTerminal: Bool, expected: Bool) {
    #expect(choice.usesColor(environment: environment, isTerminal: isTerminal) == expected)
  }
}
