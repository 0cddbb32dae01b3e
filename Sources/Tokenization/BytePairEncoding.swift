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

  init(vocabulary: Vocabulary, merges: MergeTable, byteIDs: [Int32], addsPrefixSpace: Bool) {
    self.vocabulary = vocabulary
    self.merges = merges
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
    var merger = PairMerger()
    UnicodeTable.shared.flags.withUnsafeBufferPointer { flags in
      merges.withView { merges in
        byteIDs.withUnsafeBufferPointer { byteIDs in
          let scanner = ByteLevelScanner(text: text, flags: flags)
          var position = 0
          while position < text.count, !sink.isFull {
            let end = scanner.wordEnd(position)
            let word = UnsafeBufferPointer(rebasing: text[position..<end])
            let hash = FNV.hash(word)
            let known = cache.find(word, hash: hash)
            if known == nil {
              merger.merge(word, byteIDs: byteIDs, merges: merges)
              cache.insert(word, hash: hash, ids: merger.ids)
            }
            let count = known?.count ?? merger.ids.count
            for index in 0..<count {
              let id = known.map { cache.ids[$0.lowerBound + index] } ?? merger.ids[index]
              let length = Int(lengths[Int(id)])
              sink.append(id, sourceRange(position..<position + length))
              position += length
            }
            position = end
          }
        }
      }
    }
  }
}

extension Range where Bound == Int {
  func shifted(by distance: Int) -> Range { lowerBound + distance..<upperBound + distance }
}
