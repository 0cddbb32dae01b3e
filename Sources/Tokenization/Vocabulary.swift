import Foundation

/// The 64-bit FNV-1a hash, one byte at a time, so that every prefix of a word is hashed on the way.
enum FNV {
  static let start: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }

  @inline(__always)
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = start
    for byte in bytes { hash = step(hash, byte) }
    return hash
  }
}

/// A model's tokens by id and by their exact bytes.
struct Vocabulary: Sendable {
  /// All tokens' bytes, one after the other, in order of id.
  private let bytes: [UInt8]
  /// `count + 1` positions in `bytes`.
  private let starts: [UInt32]
  /// Open addressing: the upper half of a hash and an id + 1; 0 is free.
  private let slots: [UInt64]
  /// How many leading bytes of a token its key leaves out.
  private let skip: Int
  /// Ids that no token has.
  let holes: Set<Int32>
  /// The length of the longest key in bytes.
  let longestKey: Int

  /// Ids from 0 to the largest.
  var count: Int { starts.count - 1 }

  /// - Parameter tokens: by id; nil is a hole.
  /// - Throws: `Repeated` when two tokens have the same bytes.
  init(_ tokens: [[UInt8]?]) throws(Repeated) {
    var bytes: [UInt8] = []
    var starts: [UInt32] = [0]
    starts.reserveCapacity(tokens.count + 1)
    for token in tokens {
      if let token { bytes += token }
      starts.append(UInt32(bytes.count))
    }
    let holes = Set(tokens.indices.filter { tokens[$0] == nil }.map { Int32($0) })
    try self.init(bytes: bytes, starts: starts, holes: holes, prefix: [])
  }

  /// The tokens that begin with `prefix`, keyed by the rest.
  func continuations(prefix: [UInt8]) throws(Repeated) -> Vocabulary {
    try Vocabulary(bytes: bytes, starts: starts, holes: holes, prefix: prefix)
  }

  private init(bytes: [UInt8], starts: [UInt32], holes: Set<Int32>, prefix: [UInt8]) throws(Repeated) {
    self.bytes = bytes
    self.starts = starts
    self.holes = holes
    skip = prefix.count
    let count = starts.count - 1
    var capacity = 16
    while capacity < count * 2 { capacity *= 2 }
    var slots = [UInt64](repeating: 0, count: capacity)
    var longest = 0
    var repeated: Repeated?
    bytes.withUnsafeBufferPointer { bytes in
      func key(_ id: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(starts[id])..<Int(starts[id + 1])])
      }
      for id in 0..<count where !holes.contains(Int32(id)) {
        let token = key(id)
        guard token.starts(with: prefix) else { continue }
        let hash = FNV.hash(UnsafeBufferPointer(rebasing: token[prefix.count...]))
        longest = max(longest, token.count - prefix.count)
        var slot = Self.slot(hash, capacity)
        while slots[slot] != 0 {
          let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
          if slots[slot] >> 32 == hash >> 32, key(other).elementsEqual(token) {
            repeated = repeated ?? Repeated(first: other, second: id)
          }
          slot = (slot + 1) & (capacity - 1)
        }
        slots[slot] = hash & ~0xFFFF_FFFF | UInt64(id + 1)
      }
    }
    if let repeated { throw repeated }
    self.slots = slots
    longestKey = longest
  }

  @inline(__always)
  private static func slot(_ hash: UInt64, _ capacity: Int) -> Int {
    Int(truncatingIfNeeded: hash ^ hash >> 29) & (capacity - 1)
  }

  /// The bytes of a token; nil for a hole or an id outside the vocabulary.
  func token(_ id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, Int(id) < count, !holes.contains(id) else { return nil }
    return bytes[Int(starts[Int(id)])..<Int(starts[Int(id) + 1])]
  }

  /// The id of the token with exactly these bytes.
  func id(of key: UnsafeBufferPointer<UInt8>) -> Int32? { id(of: key, hash: FNV.hash(key)) }

  /// The id of the token with exactly these bytes.
  func id(of key: String) -> Int32? {
    var key = key
    return key.withUTF8 { id(of: $0) }
  }

  /// `hash` is the key's `FNV.hash`.
  @inline(__always)
  func id(of key: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int32? {
    slots.withUnsafeBufferPointer { slots in
      var slot = Self.slot(hash, slots.count)
      while slots[slot] != 0 {
        if slots[slot] >> 32 == hash >> 32 {
          let id = Int(slots[slot] & 0xFFFF_FFFF) - 1
          if isKey(id, key) { return Int32(id) }
        }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }
  }

  @inline(__always)
  private func isKey(_ id: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = Int(starts[id]) + skip
    guard Int(starts[id + 1]) - start == key.count else { return false }
    guard let address = key.baseAddress else { return true }
    return bytes.withUnsafeBufferPointer { memcmp($0.baseAddress! + start, address, key.count) == 0 }
  }
}
