import Foundation
import Synchronization

/// The ids of words met before. Bounded: when full it is emptied, so it never holds more than a few MB.
struct WordCache {
  private static let capacity = 1 << 14
  private static let longestWord = 64
  private struct Entry {
    var hash: UInt64 = 0
    var word: UInt32 = 0
    var ids: UInt32 = 0
    var wordCount: UInt8 = 0
    var idCount: UInt8 = 0
  }
  private var entries = [Entry](repeating: Entry(), count: capacity)
  private var count = 0
  private var words: [UInt8] = []
  private var ids: [Int32] = []
  private var merger = PairMerger()

  /// Calls `body` with each id of a non-empty word, from the cache or from `merge`, which leaves them in the merger.
  @inline(__always)
  mutating func forEachID(
    of word: UnsafeBufferPointer<UInt8>, merge: (UnsafeBufferPointer<UInt8>, inout PairMerger) -> Void,
    _ body: (Int32) -> Void
  ) {
    guard word.count <= Self.longestWord else {
      merge(word, &merger)
      for id in merger.ids { body(id) }
      return
    }
    let hash = FNV.hash(word)
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & (Self.capacity - 1)
    while entries[slot].wordCount > 0 {
      let entry = entries[slot]
      if entry.hash == hash, entry.wordCount == word.count, isEqual(Int(entry.word), word) {
        for index in Int(entry.ids)..<Int(entry.ids) + Int(entry.idCount) { body(ids[index]) }
        return
      }
      slot = (slot + 1) & (Self.capacity - 1)
    }
    merge(word, &merger)
    for id in merger.ids { body(id) }
    remember(word, hash: hash, slot: slot)
  }

  private func isEqual(_ start: Int, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    words.withUnsafeBufferPointer { memcmp($0.baseAddress! + start, word.baseAddress!, word.count) == 0 }
  }

  private mutating func remember(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64, slot: Int) {
    guard count < Self.capacity / 2 else {
      for index in entries.indices { entries[index] = Entry() }
      count = 0
      words.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
      return
    }
    entries[slot] = Entry(
      hash: hash, word: UInt32(words.count), ids: UInt32(ids.count), wordCount: UInt8(word.count),
      idCount: UInt8(merger.ids.count))
    words += word
    ids += merger.ids
    count += 1
  }
}

/// One cache a thread at work, handed from call to call.
final class WordCachePool: Sendable {
  private let idle = Mutex<[WordCache]>([])

  func take() -> WordCache { idle.withLock { $0.popLast() } ?? WordCache() }

  func giveBack(_ cache: WordCache) { idle.withLock { $0.append(cache) } }
}
