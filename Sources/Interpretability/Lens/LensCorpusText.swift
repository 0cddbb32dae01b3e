import DenseMath

/// A tokenized text of a corpus, and the tokens that are predicted.
package struct LensCorpusText: Sendable, Equatable {
  package let id: String
  /// The ids, special tokens and masks included.
  package let ids: [Int32]
  /// The positions that predict, ascending.
  package let places: [Int]
  /// The true token of each position.
  package let truth: [Int32]
  /// The number of bytes of the true tokens in the text: each from the end of the token before it to its own end, white
  /// space included.
  package let bytes: Int

  /// Causal: each token but the first is predicted from the position before it.
  /// - Parameter ends: the end of each token in the text, in bytes.
  package static func causal(id: String, ids: [Int32], ends: [Int]) -> LensCorpusText {
    let sizes = sizes(ends)
    return LensCorpusText(
      id: id, ids: ids, places: Array(0..<max(0, ids.count - 1)), truth: Array(ids.dropFirst()),
      bytes: sizes.dropFirst().reduce(0, +))
  }

  /// Masked: some tokens, at least one ordinary one where there is any, are replaced by the mask, all at once, and
  /// predicted at their own positions. Which ones depends on the seed and the text's id, so that a text has the same
  /// masks in every part of a dataset.
  /// - Parameters:
  ///   - special: tokens that are never masked.
  ///   - share: of the ordinary tokens, 0...1.
  package static func masked(
    id: String, ids: [Int32], ends: [Int], mask: Int32, special: Set<Int32>, share: Double, seed: UInt64
  ) -> LensCorpusText {
    let ordinary = ids.indices.filter { !special.contains(ids[$0]) }
    let count = min(ordinary.count, max(1, Int((share * Double(ordinary.count)).rounded())))
    var generator = SplitMix64(seed: seed ^ fingerprint(id))
    let places = generator.permutation(of: ordinary.count).prefix(count).map { ordinary[$0] }.sorted()
    var masked = ids
    for place in places { masked[place] = mask }
    let sizes = sizes(ends)
    return LensCorpusText(
      id: id, ids: masked, places: places, truth: places.map { ids[$0] },
      bytes: places.reduce(0) { $0 + sizes[$1] })
  }

  /// Bytes of each token. The tokens of one character end where it ends, and it counts once.
  private static func sizes(_ ends: [Int]) -> [Int] {
    var last = 0
    return ends.map { end in
      defer { last = max(last, end) }
      return max(0, end - last)
    }
  }

  /// FNV-1a of the UTF-8 bytes (Fowler, Noll and Vo).
  private static func fingerprint(_ id: String) -> UInt64 {
    id.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
