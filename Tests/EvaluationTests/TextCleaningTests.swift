import DenseMath
import Evaluation
import Files
import Testing

@Suite struct TextCleaningTests {
  // Expected texts are Python's: re.sub(r"\s*<br\s*/?>\s*", "\n", text).strip().
  @Test(arguments: [
    ("a<br /><br />b", "a\n\nb"),
    ("a <br> \n <br/>  b", "a\n\nb"),
    ("<br />a<br />", "a"),
    (" a < br>b", "a < br>b"),
    ("a<br / >b", "a<br / >b"),
    ("a<BR>b", "a<BR>b"),
    ("a<br\u{A0}/>b", "a\nb"),
    ("a\u{2003}<br>\u{85}b", "a\nb"),
    ("a\u{200B}<br>b", "a\u{200B}\nb"),
    ("<br", "<br"),
    ("<br /", "<br /"),
    ("a<br><br", "a\n<br"),
    ("x  <br   \n", "x  <br"),
    ("\u{1C}a\u{1F}", "a"),
    ("\u{E9}<br >\u{301}e", "\u{E9}\n\u{301}e"),
    ("<br /><br />", ""),
    ("<<br>>", "<\n>"),
    ("<br<br>>", "<br\n>"),
    ("", ""),
  ])
  func marksBecomeNewlines(text: String, expected: String) {
    #expect(Array(TextCleaning.br.clean(text).utf8) == Array(expected.utf8))
  }

  @Test func noneLeavesTheTextAsItIs() {
    #expect(Array(TextCleaning.none.clean(" a<br />\u{E9} ").utf8) == Array(" a<br />\u{E9} ".utf8))
  }

  /// 20,000 random texts with marks and spaces of all kinds, 17,531 of which change; the digest is Python's.
  @Test func randomTextsAreCleanedAsByPython() throws {
    let pieces = [
      "<", "b", "r", "/", ">", " ", "\n", "\t", "\u{A0}", "\u{85}", "\u{2003}", "\u{200B}", "\u{1C}", "x", "<br",
      "<br />", "<br/>", "<br>", "< br>", "\u{E9}",
    ]
    var generator = SplitMix64(seed: 11)
    let digest = Digest()
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<generator.uniform(below: 24) { text += pieces[generator.uniform(below: pieces.count)] }
      digest.update(TextCleaning.br.clean(text) + "\0")
    }
    #expect(try digest.finish() == "df496db8e4379fb9a538fb07aa3ba1094a53792c860f75f764ce58725a71e8eb")
  }

  @Test(arguments: [
    ("test.jsonl", "5f1466874a582cc6753a39d1aedcfea0f975f205d727cfcee27d1fe89eaa9a8d"),
    ("train.jsonl", "b1894f6821a82d2845633fe6564562c292eadb213f56ab4f8260cf2d6a4af6a2"),
  ])
  func embeddedReviewsAreCleanedAsByPython(file: String, expected: String) throws {
    let digest = Digest()
    for review in try Dataset.read(embedded(file)).reviews { digest.update(TextCleaning.br.clean(review.text) + "\0") }
    #expect(try digest.finish() == expected)
  }

  /// Texts that make a backtracking matcher quadratic.
  @Test(.timeLimit(.minutes(1)), arguments: [" ", "<br", "<", "<br ", " <br"])
  func timeIsLinear(piece: String) {
    let text = "a" + String(repeating: piece, count: 1_000_000) + "b"
    #expect(TextCleaning.br.clean(text).utf8.count == text.utf8.count)
  }
}
