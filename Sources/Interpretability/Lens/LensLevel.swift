import Transformer

/// A depth at which the lens reads: hidden state 0, or a site of a block.
public struct LensLevel: Hashable, Sendable {
  /// -1 for hidden state 0.
  public let layer: Int
  /// `residPre` for hidden state 0, else `attnOut`, `residMid`, `mlpOut` or `residPost`.
  public let site: Site
  /// Whether the state passes the translator of a `TunedLens` before the head.
  public let isTuned: Bool

  /// A depth by its block and site.
  public init(layer: Int, site: Site, isTuned: Bool = false) {
    self.layer = layer
    self.site = site
    self.isTuned = isTuned
  }

  /// The same depth without a translator.
  public var plain: LensLevel { LensLevel(layer: layer, site: site) }

  /// `name`, and "tuned" where it is.
  public var title: String { isTuned ? name + " tuned" : name }

  /// Its address: "embed", "L3" (after block 3), "L3.residMid", "L3.attn", "L3.mlp".
  public var name: String { Address(layer: max(0, layer), .site(site)).description }

  /// Whether this is hidden state 0 or the output of a block.
  public var isBlockOutput: Bool { site == .residPre || site == .residPost }

  /// Upwards, in the order of the forward pass; the last is the model's own output.
  /// - Parameters:
  ///   - sublayers: also `residMid`, between attention and feed-forward.
  ///   - updates: also `attnOut` and `mlpOut`, the outputs of attention and feed-forward, read alone.
  ///   - tuned: before all others, also every input state of a block through its translator.
  public static func all(
    blocks: Int, sublayers: Bool = false, updates: Bool = false, tuned: Bool = false
  ) -> [LensLevel] {
    let sites: [Site] = [.attnOut, .residMid, .mlpOut, .residPost].filter { site in
      site == .residPost || (site == .residMid ? sublayers : updates)
    }
    let embedding = LensLevel(layer: -1, site: .residPre)
    let translated = (0..<(tuned ? blocks : 0)).map { state in
      LensLevel(layer: state - 1, site: state == 0 ? .residPre : .residPost, isTuned: true)
    }
    return translated + [embedding] + (0..<blocks).flatMap { layer in sites.map { LensLevel(layer: layer, site: $0) } }
  }
}

extension LensLevel: Encodable {
  public func encode(to encoder: any Encoder) throws {
    try encoder.encode(["layer": layer, "level": name, "site": site.rawValue, "tuned": isTuned])
  }
}
