import Reporting
import Testing

@Suite struct SpellingTests {
  private static let commands = [
    "inspect", "tokenize", "lens", "lens-fit", "lens-classifier", "attribute", "env", "build",
  ]

  @Test(arguments: [
    ("lense", "lens"), ("len", "lens"), ("lnes", "lens"), ("LENS", "lens"), ("lensfit", "lens-fit"),
    ("tokenise", "tokenize"), ("tokneize", "tokenize"), ("attrbute", "attribute"), ("lens-clasifer", "lens-classifier"),
    ("buld", "build"), ("evn", "env"), ("insp", "inspect"), ("attr", "attribute"),
  ]) func findsTheNearest(_ word: String, _ meant: String) {
    #expect(Spelling.nearest(to: word, among: Self.commands) == meant)
  }

  @Test(arguments: ["", "x", "frobnicate", "le", "train"]) func leavesOtherWordsAlone(_ word: String) {
    #expect(Spelling.nearest(to: word, among: Self.commands) == nil)
  }

  @Test func takesTheFirstOfEqualOnes() {
    #expect(Spelling.nearest(to: "cat", among: ["bat", "hat"]) == "bat")
    #expect(Spelling.nearest(to: "cat", among: []) == nil)
  }
}
