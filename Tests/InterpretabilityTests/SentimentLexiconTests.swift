import Interpretability
import Testing

@Suite struct SentimentLexiconTests {
  /// The list's promises: at least 200 words per side, each one lower-case word of one side.
  @Test func hasTwoSidesOfPlainWords() {
    let lexicon = SentimentLexicon.english
    #expect(lexicon.positive.count >= 200 && lexicon.negative.count >= 200)
    #expect(lexicon.positive.isDisjoint(with: lexicon.negative))
    for word in lexicon.positive.union(lexicon.negative) {
      #expect(!word.isEmpty && word.allSatisfy { ("a"..."z").contains($0) }, "\(word)")
    }
    for word in ["good", "wonderful", "superb"] { #expect(lexicon.positive.contains(word)) }
    for word in ["bad", "boring", "worst"] { #expect(lexicon.negative.contains(word)) }
  }
}
