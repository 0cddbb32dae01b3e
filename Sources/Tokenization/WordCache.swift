import Foundation
import Synchronization

/// The ids of words seen before. Bounded: when full it is emptied, so it holds at most a few MB.
struct WordCache {
  private static let capacity = 1 << 16
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
  /// The ids of all words.
  private(set) var ids: [Int32] = []

  /// The range in `ids` of a word; nil if it is not in the cache. `hash` is the word's `FNV.hash`.
  @inline(__always)
  func find(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Range<Int>? {
    guard word.count <= Self.longestWord else { return nil }
    var slot = Self.slot(hash)
    while entries[slot].wordCount > 0 {
      let entry = entries[slot]
      if entry.hash == hash, entry.wordCount == word.count, isEqual(Int(entry.word), word) {
        return Int(entry.ids)..<Int(entry.ids) + Int(entry.idCount)
      }
      slot = (slot + 1) & (Self.capacity - 1)
    }
    return nil
  }

  /// Stores the ids of a word that is not in the cache.
  mutating func insert(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64, ids newIDs: [Int32]) {
    guard word.count <= Self.longestWord else { return }
    if count == Self.capacity / 2 {
      for index in entries.indices { entries[index] = Entry() }
      count = 0
      words.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
    }
    var slot = Self.slot(hash)
    while entries[slot].wordCount > 0 { slot = (slot + 1) & (Self.capacity - 1) }
    entries[slot] = Entry(
      hash: hash, word: UInt32(words.count), ids: UInt32(ids.count), wordCount: UInt8(word.count),
      idCount: UInt8(newIDs.count))
    words += word
    ids += newIDs
    count += 1
  }

  @inline(__always)
  private static func slot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash ^ hash >> 32) & (capacity - 1) }

  @inline(__always)
  private func isEqual(_ start: Int, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    words.withUnsafeBufferPointer { memcmp($0.baseAddress! + start, word.baseAddress!, word.count) == 0 }
  }
}

/// One cache per active thread, passed from call to call.
final class WordCachePool: Sendable {
  private let idle = Mutex<[WordCache]>([])

  func take() -> WordCache { idle.withLock { $0.popLast() } ?? WordCache() }

  func giveBack(_ cache: WordCache) { idle.withLock { $0.append(cache) } }
}
