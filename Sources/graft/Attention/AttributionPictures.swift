import Reporting

/// How large the pictures of `graft attribute` may become, so that cells can be told apart and a browser opens the page.
struct AttributionPictures {
  /// The most tokens of a picture that has a cell for each pair of them.
  private static let tokensOfSVG = 128
  private static let tokensOfPage = 256

  let svg: Bool
  let html: Bool
  let levels: Int

  /// - Parameters:
  ///   - texts: where each stands, and how many tokens it has.
  ///   - isPairwise: whether there is a number for each pair of tokens at each level; else one for each token.
  /// - Returns: how many of the texts the page shows, from the first one.
  /// - Throws: `CommandError.tooLongForPicture`.
  func check(_ texts: [(source: String, tokens: Int)], isPairwise: Bool) throws -> Int {
    guard isPairwise else { return texts.count }
    if svg, let first = texts.first, first.tokens > Self.tokensOfSVG {
      throw CommandError.tooLongForPicture(
        source: first.source, tokens: first.tokens, most: Self.tokensOfSVG,
        advice: first.tokens > Self.tokensOfPage ? nil : "--html, which shows up to \(Self.tokensOfPage)")
    }
    guard html else { return texts.count }
    if let long = texts.first(where: { $0.tokens > Self.tokensOfPage }) {
      throw CommandError.tooLongForPicture(
        source: long.source, tokens: long.tokens, most: Self.tokensOfPage, advice: "--json, which has all numbers")
    }
    let count = PageBudget.shown(of: texts.map { $0.tokens * $0.tokens * levels })
    if count < texts.count {
      Console.note("the page shows the first \(count.counted("text")) of \(texts.count) to stay small; --json has all")
    }
    return count
  }
}
