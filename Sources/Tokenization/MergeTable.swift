/// A pair of ids and the id of the two tokens joined.
typealias Merge = (left: Int32, right: Int32, joined: Int32)

/// Two positions of a list with the same element.
struct Repeated: Error {
  let first: Int
  let second: Int
}

/// Pairs of ids to ranks and joined ids.
struct MergeTable: Sendable {
  struct Joined: Sendable {
    let rank: UInt32
    let joined: Int32
  }
  fileprivate struct Slot: Sendable {
    var key: UInt64
    var merge: Joined
  }
  fileprivate static let free = UInt64.max
  private let slots: [Slot]

  /// - Throws: `Repeated` when a pair occurs twice.
  init(_ merges: [Merge]) throws(Repeated) {
    var capacity = 16
    while capacity < merges.count * 2 { capacity *= 2 }
    var slots = [Slot](repeating: Slot(key: Self.free, merge: Joined(rank: 0, joined: 0)), count: capacity)
    for (rank, merge) in merges.enumerated() {
      let key = Self.key(merge.left, merge.right)
      var slot = Self.slot(key, capacity)
      while slots[slot].key != Self.free {
        guard slots[slot].key != key else { throw Repeated(first: Int(slots[slot].merge.rank), second: rank) }
        slot = (slot + 1) & (capacity - 1)
      }
      slots[slot] = Slot(key: key, merge: Joined(rank: UInt32(rank), joined: merge.joined))
    }
    self.slots = slots
  }

  /// Calls `body` with the table as plain memory, for the inner loop.
  @inline(__always)
  func withView<Result>(_ body: (View) -> Result) -> Result {
    slots.withUnsafeBufferPointer { body(View(slots: $0)) }
  }

  @inline(__always)
  fileprivate static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  fileprivate static func slot(_ key: UInt64, _ capacity: Int) -> Int {
    // Fibonacci hashing.
    let hash = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (capacity - 1)
  }

  struct View {
    fileprivate let slots: UnsafeBufferPointer<Slot>

    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> Joined? {
      let key = MergeTable.key(left, right)
      var slot = MergeTable.slot(key, slots.count)
      while slots[slot].key != MergeTable.free {
        if slots[slot].key == key { return slots[slot].merge }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }
  }
}
