import DenseMath

/// A text of a corpus as a model reads it, and the tokens that it is to predict.
package struct LensCorpusText: Sendable, Equatable {
  package let id: String
  /// What the model reads, special tokens and masks included.
  package let ids: [Int32]
  /// The places that predict, ascending.
  package let places: [Int]
  /// The true token of each.
  package let truth: [Int32]
  /// The bytes of the text that the true tokens stand for: each those from the end of the token before it to its own
  /// end, white space included.
  package let bytes: Int

  /// GPT-2: each token but the first is predicted from the place before it.
  /// - Parameter ends: where each token ends in the text, in bytes.
  package static func causal(id: String, ids: [Int32], ends: [Int]) -> LensCorpusText {
    let sizes = sizes(ends)
    return LensCorpusText(
      id: id, ids: ids, places: Array(0..<max(0, ids.count - 1)), truth: Array(ids.dropFirst()),
      bytes: sizes.dropFirst().reduce(0, +))
  }

  /// BERT: some tokens are replaced by the mask, all at once, and each is predicted at its own place. At least one is,
  /// where there is an ordinary token. Which ones follows from the seed and the text's id, so that a text has the same
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

  /// Bytes of each token. A token that is part of a character ends where the character does, which counts once.
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
