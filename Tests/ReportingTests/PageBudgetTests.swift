import Reporting
import Testing

@Suite struct PageBudgetTests {
  /// Attribution: 4 levels of 256 x 256 numbers per text, 4,000,000 in all.
  @Test func showsWhatFits() {
    #expect(PageBudget.shown(of: Array(repeating: 4 * 256 * 256, count: 18)) == 15)
    #expect(PageBudget.shown(of: [1_000_000, 2_000_000, 1_000_000]) == 3)
    #expect(PageBudget.shown(of: [1_000_000, 2_000_000, 1_000_001, 1]) == 2)
  }

  @Test func showsTheFirstHoweverLarge() {
    #expect(PageBudget.shown(of: [5_000_000, 1]) == 1)
    #expect(PageBudget.shown(of: []) == 0)
  }
}
