import DenseMath
import Evaluation
import Testing

@Suite struct NaturalOrderTests {
  private static let ordered = [
    "", "0", "00", "1", "01", "1a", "2", "10", "99999999999999999998", "99999999999999999999", "a", "a1", "a1b", "a2",
    "a10", "b1", "test/neg/2_1.txt", "test/neg/10_3.txt", "test/pos/0_10.txt", "test/pos/1_7.txt", "e\u{301}", "\u{E9}",
  ].sorted { naturallyPrecedes($0, $1) }

  @Test func numbersAreComparedAsNumbers() {
    #expect(naturallyPrecedes("test/neg/2_1.txt", "test/neg/10_3.txt"))
    #expect(naturallyPrecedes("test/neg/12499_1.txt", "test/pos/0_10.txt"))
    #expect(naturallyPrecedes("x_9", "x_10"))
    #expect(naturallyPrecedes("99999999999999999998", "99999999999999999999"))
    #expect(naturallyPrecedes("a", "a1"))
    #expect(naturallyPrecedes("00", "0") == false && naturallyPrecedes("0", "00"))
    #expect(naturallyPrecedes("01", "1") && !naturallyPrecedes("1", "01"))
  }

  @Test func canonicallyEquivalentIdsAreDistinct() {
    #expect(naturallyPrecedes("e\u{301}", "\u{E9}") != naturallyPrecedes("\u{E9}", "e\u{301}"))
  }

  @Test func theOrderIsStrictAndTotal() {
    for (i, left) in Self.ordered.enumerated() {
      for (j, right) in Self.ordered.enumerated() {
        #expect(naturallyPrecedes(left, right) == (i < j), "\(left) \(right)")
      }
    }
  }
}
