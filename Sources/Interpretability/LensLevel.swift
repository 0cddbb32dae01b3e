import Transformer

/// A depth at which the lens reads, from the embedding output upwards.
public enum LensLevel: Hashable, Sendable, CustomStringConvertible {
  /// Hidden state 0: the embedding output (BERT: after its norm).
  case embedding
  /// A state of the residual stream, or what a block adds to it.
  case site(layer: Int, Site)

  /// Which levels to read besides the embedding and every block's output.
  public struct Extent: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `residMid`: between attention and feed-forward.
    public static let sublayers = Extent(rawValue: 1)
    /// `attnOut` and `mlpOut`: what attention and feed-forward add, read alone.
    public static let updates = Extent(rawValue: 2)
  }

  /// The levels of a model of `layers` blocks in the order in which they are made; the last is the model's own output.
  public static func all(layers: Int, extent: Extent = []) -> [LensLevel] {
    [.embedding]
      + (0..<layers).flatMap { layer in
        sites(extent).map { LensLevel.site(layer: layer, $0) }
      }
  }

  private static func sites(_ extent: Extent) -> [Site] {
    [.attnOut, .residMid, .mlpOut, .residPost].filter { site in
      switch site {
      case .residMid: extent.contains(.sublayers)
      case .residPost: true
      default: extent.contains(.updates)
      }
    }
  }

  /// "embedding", "L3" for the output of block 3, "L3.residMid" for what lies inside it.
  public var description: String {
    switch self {
    case .embedding: "embedding"
    case .site(let layer, .residPost): "L\(layer)"
    case .site(let layer, let site): "L\(layer).\(site.rawValue)"
    }
  }

  /// Where the forward pass announces a value.
  struct Place: Hashable {
    let layer: Int
    let site: Site
  }

  var place: Place {
    switch self {
    case .embedding: Place(layer: 0, site: .residPre)
    case .site(let layer, let site): Place(layer: layer, site: site)
    }
  }
}
