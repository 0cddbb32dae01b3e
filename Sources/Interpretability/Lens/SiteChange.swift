import Transformer

/// A change of a value during the forward pass, in text form: zeros, the mean, or the value of another text.
package struct SiteChange: Equatable, Sendable {
  package enum Source: Equatable, Sendable {
    case zero
    case mean
    /// Of another text: at that token, or, if nil, at the same one.
    case text(String, position: Int?)
  }

  package let site: BlockSite
  /// The token of each text, from 0; nil for every token.
  package let position: Int?
  package let source: Source

  /// `SITE[@POSITION][=zero|=mean]`; nil for another form.
  package init?(ablation text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let (site, position) = Self.place(parts[0]) else { return nil }
    switch parts.count == 1 ? "zero" : parts[1] {
    case "zero": source = .zero
    case "mean": source = .mean
    default: return nil
    }
    (self.site, self.position) = (site, position)
  }

  /// `SITE[@POSITION]=from[@POSITION]:TEXT`; nil for another form.
  package init?(patch text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let (site, position) = Self.place(parts[0]) else { return nil }
    let source = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard source.count == 2, source[0] == "from" || source[0].hasPrefix("from@") else { return nil }
    var origin: Int?
    if source[0] != "from" {
      guard position != nil, let number = Self.number(source[0].dropFirst("from@".count)) else { return nil }
      origin = number
    }
    (self.site, self.position) = (site, position)
    self.source = .text(String(source[1]), position: origin)
  }

  private static func place(_ text: Substring) -> (BlockSite, Int?)? {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let site = BlockSite(String(parts[0])) else { return nil }
    guard parts.count == 2 else { return (site, nil) }
    return number(parts[1]).map { (site, $0) }
  }

  private static func number(_ text: Substring) -> Int? {
    text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
  }
}
