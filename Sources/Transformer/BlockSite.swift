/// A value of the forward pass by its block and site, or one head's part of it, to record or change. Its text is an
/// `Address`: `embed`, `L5`, `L5.mlp`, `L5H3.keys`.
public struct BlockSite: Hashable, Sendable, LosslessStringConvertible {
  /// The block, from 0.
  public let layer: Int
  /// Which value of the block.
  public let site: Site
  /// One head's columns, from 0; nil for all columns.
  public let head: Int?

  /// The sites whose columns belong to heads.
  public static let sitesOfHeads: [Site] = [.queries, .keys, .values, .headOutputs]
  /// The sites that can be changed: all but the attention weights, and the inputs of attention and feed-forward, which
  /// in BERT are the residual stream itself.
  public static let sites = Site.allCases.filter { ![.attentionInput, .attentionWeights, .mlpInput].contains($0) }

  /// A site, or one head's part of it.
  public init(layer: Int, site: Site, head: Int? = nil) {
    self.layer = layer
    self.site = site
    self.head = head
  }

  /// nil for a text that names no site.
  public init?(_ text: String) {
    guard let site = Address(text)?.site else { return nil }
    self = site
  }

  public var description: String { Address(layer: layer, head: head, .site(site)).description }

  /// The same site of another block.
  public func inLayer(_ layer: Int) -> BlockSite { BlockSite(layer: layer, site: site, head: head) }

  /// The columns of the site that it names.
  /// - Throws: `TransformerError.noSuchBlock`, `.noSuchHead`, `.unchangeableSite`.
  func columns(in blocks: [Dimensions]) throws -> Range<Int> {
    guard Self.sites.contains(site), head == nil || Self.sitesOfHeads.contains(site) else {
      throw TransformerError.unchangeableSite(site: "\(self)", known: Self.sites.map(\.rawValue))
    }
    guard blocks.indices.contains(layer) else {
      throw TransformerError.noSuchBlock(site: "\(self)", blocks: blocks.count)
    }
    let dimensions = blocks[layer]
    guard let head else {
      let isInner = site == .mlpHidden || site == .mlpPreActivation
      return 0..<(isInner ? dimensions.feedForward : dimensions.hidden)
    }
    guard (0..<dimensions.heads).contains(head) else {
      throw TransformerError.noSuchHead(site: "\(self)", heads: dimensions.heads)
    }
    return head * dimensions.headSize..<(head + 1) * dimensions.headSize
  }
}
