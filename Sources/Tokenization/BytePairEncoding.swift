/// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019): the adjacent pair with the lowest rank is
/// merged, the leftmost of equals first, until no pair has a rank.
struct BytePairEncoding: Sendable {
  let vocabulary: Vocabulary
  let addsPrefixSpace: Bool
  private let merges: MergeTable
  /// The id of each single byte.
  private let byteIDs: [Int32]
  /// How many bytes of text each token covers.
  private let lengths: [Int32]
  private let caches = WordCachePool()

  /// - Parameter merges: pairs of ids in order of rank and the id of the two joined.
  init(
    vocabulary: Vocabulary, merges: [(left: Int32, right: Int32, joined: Int32)], byteIDs: [Int32],
    addsPrefixSpace: Bool
  ) {
    self.vocabulary = vocabulary
    self.merges = MergeTable(merges)
    self.byteIDs = byteIDs
    self.addsPrefixSpace = addsPrefixSpace
    // A token spells each byte as one character.
    lengths = (0..<Int32(vocabulary.count)).map { id in
      Int32(vocabulary.token(id)?.count { $0 & 0xC0 != 0x80 } ?? 0)
    }
  }

  /// Tokenizes a part of a well-formed text.
  func encode(_ text: UnsafeBufferPointer<UInt8>, _ part: Range<Int>, into sink: inout TokenSink) {
    guard !part.isEmpty else { return }
    var cache = caches.take()
    defer { caches.giveBack(cache) }
    let needsSpace = addsPrefixSpace && text[part.lowerBound] != UInt8(ascii: " ")
    guard needsSpace else {
      let words = UnsafeBufferPointer(rebasing: text[part])
      return encode(words, cache: &cache, into: &sink) { characterRange(words, $0).shifted(by: part.lowerBound) }
    }
    let prefixed = [UInt8(ascii: " ")] + text[part]
    prefixed.withUnsafeBufferPointer { words in
      encode(words, cache: &cache, into: &sink) { range in
        // The added space counts as part of the first character.
        let source = max(range.lowerBound, 1)..<max(range.upperBound, 2)
        return characterRange(words, source).shifted(by: part.lowerBound - 1)
      }
    }
  }

  @inline(__always)
  private func encode(
    _ text: UnsafeBufferPointer<UInt8>, cache: inout WordCache, into sink: inout TokenSink,
    sourceRange: (Range<Int>) -> Range<Int>
  ) {
    UnicodeTable.shared.flags.withUnsafeBufferPointer { flags in
      let scanner = ByteLevelScanner(text: text, flags: flags)
      var position = 0
      while position < text.count, !sink.isFull {
        let end = scanner.wordEnd(position)
        let word = UnsafeBufferPointer(rebasing: text[position..<end])
        var start = position
        cache.forEachID(of: word, merge: merge) { id in
          let range = start..<start + Int(lengths[Int(id)])
          start = range.upperBound
          sink.append(id, sourceRange(range))
        }
        position = end
      }
    }
  }

  /// The ids of one word.
  private func merge(_ word: UnsafeBufferPointer<UInt8>, _ merger: inout PairMerger) {
    byteIDs.withUnsafeBufferPointer { merger.merge(word, byteIDs: $0, merges: merges) }
  }
}

extension Range where Bound == Int {
  func shifted(by distance: Int) -> Range { lowerBound + distance..<upperBound + distance }
}

/// Pairs of ids to ranks and joined ids.
struct MergeTable: Sendable {
  struct Merge: Sendable {
    let rank: UInt32
    let joined: Int32
  }
  private struct Slot: Sendable {
    var key: UInt64
    var merge: Merge
  }
  private static let free = UInt64.max
  private let slots: [Slot]

  init(_ merges: [(left: Int32, right: Int32, joined: Int32)]) {
    var capacity = 16
    while capacity < merges.count * 2 { capacity *= 2 }
    var slots = [Slot](repeating: Slot(key: Self.free, merge: Merge(rank: 0, joined: 0)), count: capacity)
    for (rank, merge) in merges.enumerated() {
      let key = Self.key(merge.left, merge.right)
      var slot = Self.slot(key, capacity)
      while slots[slot].key != Self.free { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = Slot(key: key, merge: Merge(rank: UInt32(rank), joined: merge.joined))
    }
    self.slots = slots
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private static func slot(_ key: UInt64, _ capacity: Int) -> Int {
    // Fibonacci hashing.
    let hash = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (capacity - 1)
  }

  @inline(__always)
  func find(_ left: Int32, _ right: Int32) -> Merge? {
    let key = Self.key(left, right)
    return slots.withUnsafeBufferPointer { slots in
      var slot = Self.slot(key, slots.count)
      while slots[slot].key != Self.free {
        if slots[slot].key == key { return slots[slot].merge }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }
  }
}
