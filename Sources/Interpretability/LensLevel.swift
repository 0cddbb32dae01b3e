import Transformer

/// A depth at which the lens reads: hidden state 0, or a site of a block.
public struct LensLevel: Hashable, Sendable {
  /// -1 for hidden state 0.
  public let layer: Int
  /// `residPre` for hidden state 0, else `attnOut`, `residMid`, `mlpOut` or `residPost`.
  public let site: Site

  public init(layer: Int, site: Site) {
    self.layer = layer
    self.site = site
  }

  /// "embed", "L3" (after block 3), "L3.mid", "L3.attn", "L3.mlp"
  public var name: String {
    switch site {
    case .residPre: return "embed"
    case .residMid: return "L\(layer).mid"
    case .attnOut: return "L\(layer).attn"
    case .mlpOut: return "L\(layer).mlp"
    default: return "L\(layer)"
    }
  }

  /// Whether this is the state between two blocks, or at either end: what a block reads or writes.
  public var isBlockOutput: Bool { site == .residPre || site == .residPost }

  /// Upwards, in the order the forward pass makes them; the last is the model's own output.
  /// - Parameters:
  ///   - sublayers: also `residMid`, between attention and feed-forward.
  ///   - updates: also `attnOut` and `mlpOut`, what attention and feed-forward add, read alone.
  public static func all(blocks: Int, sublayers: Bool = false, updates: Bool = false) -> [LensLevel] {
    let sites: [Site] = [.attnOut, .residMid, .mlpOut, .residPost].filter { site in
      site == .residPost || (site == .residMid ? sublayers : updates)
    }
    let embedding = LensLevel(layer: -1, site: .residPre)
    return [embedding] + (0..<blocks).flatMap { layer in sites.map { LensLevel(layer: layer, site: $0) } }
  }
}
