import Files

/// Where two models are stitched: after A's first `kept` blocks, before B's last `transplanted` ones.
package struct StitchCut: Hashable, Comparable, Sendable {
  package let kept: Int
  package let transplanted: Int

  package init(kept: Int, transplanted: Int) {
    self.kept = kept
    self.transplanted = transplanted
  }

  /// By kept, then transplanted.
  package static func < (left: StitchCut, right: StitchCut) -> Bool {
    (left.kept, left.transplanted) < (right.kept, right.transplanted)
  }
}

/// One stitched model of a grid: a pair, a seam, a cut, a map and its draw.
package struct StitchPoint: Hashable, Sendable {
  /// The index of the pair in the grid.
  package let pair: Int
  /// A name of `StitchedModel.Options`. B on its own states has no seam and counts for the first.
  package let seam: String
  package let cut: StitchCut
  /// The name of a `MapRecipe`, or `self`: B's own hidden state `kept`, without a map.
  package let map: String
  package let draw: Int

  /// The map's name of B on its own states.
  package static let ownState = "self"

  package init(pair: Int = 0, seam: String, cut: StitchCut, map: String, draw: Int = 0) {
    self.pair = pair
    self.seam = seam
    self.cut = cut
    self.map = map
    self.draw = draw
  }

  /// By pair, cut, map (bytes), draw. The order of seams is that of their grid.
  package static func precedes(_ left: StitchPoint, _ right: StitchPoint) -> Bool {
    if left.pair != right.pair { return left.pair < right.pair }
    if left.cut != right.cut { return left.cut < right.cut }
    if left.map != right.map { return left.map.utf8.lexicographicallyPrecedes(right.map.utf8) }
    return left.draw < right.draw
  }
}

extension StitchPoint: Encodable {
  /// Reads what was encoded.
  /// - Parameter seam: of a run of one pair under one seam, which writes neither (`membersInPair`).
  /// - Throws: `FileError`.
  package init(_ node: JSONNode, seam: String? = nil) throws {
    self.init(
      pair: try seam == nil ? node["pair"].int() : 0, seam: try seam ?? node["seam"].string(),
      cut: StitchCut(kept: try node["kept"].int(), transplanted: try node["transplanted"].int()),
      map: try node["map"].string(), draw: try node["draw"].int())
  }

  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(["pair": pair, "seam": seam] + membersInPair)
  }

  /// `draw`, `kept`, `map`, `transplanted`.
  package var membersInPair: JSONMembers {
    ["draw": draw, "kept": cut.kept, "map": map, "transplanted": cut.transplanted]
  }
}
