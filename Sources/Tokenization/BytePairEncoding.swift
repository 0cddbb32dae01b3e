/// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019): the adjacent pair with the lowest rank is
/// merged, the leftmost of equals first, until no pair has a rank.
struct BytePairEncoding: Sendable {
  let vocabulary: Vocabulary
  let addsPrefixSpace: Bool
  /// The token of a byte without a token of its own.
  struct Unknown: Sendable {
    let id: Int32
    /// Whether neighbouring ones become one token.
    let isFused: Bool
  }

  private let merges: MergeTable
  /// The id of each single byte; -1 where the vocabulary has none.
  private let byteIDs: [Int32]
  /// nil: a byte without a token is left out.
  let unknown: Unknown?
  private let hasHoles: Bool
  /// How many bytes of text each token covers.
  private let lengths: [Int32]
  private let caches = WordCachePool()

  init(vocabulary: Vocabulary, merges: MergeTable, addsPrefixSpace: Bool, unknown: Unknown?) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.unknown = unknown
    byteIDs = ByteLevel.scalars.map { scalar in
      var spelling: [UInt8] = []
      spelling.append(scalar: scalar)
      return spelling.withUnsafeBufferPointer { vocabulary.id(of: $0) } ?? -1
    }
    hasHoles = byteIDs.contains(-1)
    self.addsPrefixSpace = addsPrefixSpace
    // A token spells each byte as one character.
    lengths = (0..<Int32(vocabulary.count)).map { id in
      Int32(vocabulary.token(id)?.count { $0 & 0xC0 != 0x80 } ?? 0)
    }
  }

  /// Whether some byte has no token and there is no unknown token.
  var dropsBytes: Bool { hasHoles && unknown == nil }

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
            if hasHoles, word.contains(where: { byteIDs[Int($0)] < 0 }) {
              merge(word, byteIDs, merges, &merger, into: &sink) { sourceRange($0.shifted(by: position)) }
              position = end
              continue
            }
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

extension BytePairEncoding {
  /// Splits a word with bytes that have no token.
  private func merge(
    _ word: UnsafeBufferPointer<UInt8>, _ byteIDs: UnsafeBufferPointer<Int32>, _ merges: MergeTable.View,
    _ merger: inout PairMerger, into sink: inout TokenSink, sourceRange: (Range<Int>) -> Range<Int>
  ) {
    var symbols: [(id: Int32, range: Range<Int>)] = []
    for (position, byte) in word.enumerated() {
      let id = byteIDs[Int(byte)]
      if id >= 0 {
        symbols.append((id, position..<position + 1))
      } else if let unknown {
        let followsUnknown = position > 0 && byteIDs[Int(word[position - 1])] < 0
        if unknown.isFused, followsUnknown, let last = symbols.popLast() {
          symbols.append((unknown.id, last.range.lowerBound..<position + 1))
        } else {
          symbols.append((unknown.id, position..<position + 1))
        }
      } else {
        sink.drop(byte)
      }
    }
    merger.merge(count: symbols.count, merges: merges) { symbols[$0].id }
    let starts = merger.firstSymbols
    for (index, id) in merger.ids.enumerated() {
      let last = index + 1 < starts.count ? starts[index + 1] - 1 : symbols.count - 1
      sink.append(id, sourceRange(symbols[starts[index]].range.lowerBound..<symbols[last].range.upperBound))
    }
  }
}

extension Range where Bound == Int {
  func shifted(by distance: Int) -> Range { lowerBound + distance..<upperBound + distance }
}
