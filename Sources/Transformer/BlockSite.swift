/// A value of the forward pass by its block and site, or one head's part of it: what can be recorded and changed.
///
/// As text: `L5.attn` and `L5.mlp` for what attention and feed-forward add (`attnOut`, `mlpOut`), `L5H3` for the output
/// of a head before wO, `L5H3.keys` for its part of another site, `L5.residMid` for any site by its name, `L5` for the
/// state after block 5 and `embed` for hidden state 0.
public struct BlockSite: Hashable, Sendable, LosslessStringConvertible {
  /// The block, from 0.
  public let layer: Int
  public let site: Site
  /// One head's columns, from 0; nil for all columns.
  public let head: Int?

  /// The sites whose columns belong to heads.
  public static let sitesOfHeads: [Site] = [.queries, .keys, .values, .headOutputs]
  /// What can be changed: all but the attention weights, and the inputs of attention and feed-forward, which are the
  /// residual stream itself in BERT.
  public static let sites = Site.allCases.filter { ![.attentionInput, .attentionWeights, .mlpInput].contains($0) }

  public init(layer: Int, site: Site, head: Int? = nil) {
    self.layer = layer
    self.site = site
    self.head = head
  }

  /// nil for a text that names no site.
  public init?(_ text: String) {
    if text == "embed" {
      self.init(layer: 0, site: .residPre)
      return
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first, first.first == "L" else { return nil }
    let numbers = first.dropFirst().split(separator: "H", omittingEmptySubsequences: false).map(Self.number)
    guard (1...2).contains(numbers.count), let layer = numbers[0] else { return nil }
    if numbers.count == 2 {
      guard let head = numbers[1], let site = parts.count == 1 ? .headOutputs : Site(rawValue: String(parts[1])),
        Self.sitesOfHeads.contains(site)
      else { return nil }
      self.init(layer: layer, site: site, head: head)
      return
    }
    switch parts.count == 1 ? "residPost" : parts[1] {
    case "attn": self.init(layer: layer, site: .attnOut)
    case "mlp": self.init(layer: layer, site: .mlpOut)
    case let name:
      guard let site = Site(rawValue: String(name)) else { return nil }
      self.init(layer: layer, site: site)
    }
  }

  /// Digits alone: no sign.
  private static func number(_ text: Substring) -> Int? {
    text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
  }

  public var description: String {
    switch (head, site) {
    case (let head?, .headOutputs): "L\(layer)H\(head)"
    case (let head?, _): "L\(layer)H\(head).\(site.rawValue)"
    case (nil, .attnOut): "L\(layer).attn"
    case (nil, .mlpOut): "L\(layer).mlp"
    case (nil, _): "L\(layer).\(site.rawValue)"
    }
  }

  /// The same site of another block.
  public func inLayer(_ layer: Int) -> BlockSite { BlockSite(layer: layer, site: site, head: head) }

  /// The columns of the site that are meant.
  /// - Throws: `TransformerError.noSuchBlock`, `.noSuchHead`, `.unchangeableSite`.
  func columns(in blocks: [Dimensions]) throws -> Range<Int> {
    guard Self.sites.contains(site), head == nil || Self.sitesOfHeads.contains(site) else {
      throw TransformerError.unchangeableSite(site: "\(self)", known: Self.sites.map(\.rawValue))
    }
    guard blocks.indices.contains(layer) else {
      throw TransformerError.noSuchBlock(site: "\(self)", blocks: blocks.count)
    }
    let dimensions = blocks[layer]
    guard let head else { return 0..<(site == .mlpHidden ? dimensions.feedForward : dimensions.hidden) }
    guard (0..<dimensions.heads).contains(head) else {
      throw TransformerError.noSuchHead(site: "\(self)", heads: dimensions.heads)
    }
    return head * dimensions.headSize..<(head + 1) * dimensions.headSize
  }
}
