/// Merges the pairs of one word with a heap, in O(n log n) for n bytes. A value so that its buffers serve many words.
struct PairMerger {
  private struct Symbol {
    var id: Int32
    var previous: Int32
    var next: Int32
    /// False once merged into the symbol before.
    var isAlive: Bool
  }
  private struct Candidate {
    let rank: UInt32
    let position: Int32
    let joined: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool { (rank, position) < (other.rank, other.position) }
  }
  private var symbols: [Symbol] = []
  private var heap: [Candidate] = []
  /// The word's ids.
  private(set) var ids: [Int32] = []
  /// For each id the first of its symbols.
  var firstSymbols: [Int] { symbols.indices.filter { symbols[$0].isAlive } }

  @inline(__always)
  mutating func merge(_ word: UnsafeBufferPointer<UInt8>, byteIDs: UnsafeBufferPointer<Int32>, merges: MergeTable.View)
  {
    merge(count: word.count, merges: merges) { byteIDs[Int(word[$0])] }
  }

  /// Merges symbols that are given by their ids.
  @inline(__always)
  mutating func merge(count: Int, merges: MergeTable.View, id: (Int) -> Int32) {
    symbols.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
    for index in 0..<count {
      let next = index + 1 < count ? Int32(index + 1) : -1
      symbols.append(Symbol(id: id(index), previous: Int32(index) - 1, next: next, isAlive: true))
    }
    for index in symbols.indices.dropLast() { consider(Int32(index), merges) }
    while let candidate = popFirst() { apply(candidate, merges) }
    for symbol in symbols where symbol.isAlive { ids.append(symbol.id) }
  }

  private mutating func apply(_ candidate: Candidate, _ merges: MergeTable.View) {
    let position = Int(candidate.position)
    let symbol = symbols[position]
    guard symbol.isAlive, symbol.next >= 0 else { return }
    let right = symbols[Int(symbol.next)]
    // A candidate may be stale; it still holds if the present pair has the same merge.
    guard let merge = merges.find(symbol.id, right.id), merge.joined == candidate.joined else { return }
    symbols[position].id = merge.joined
    symbols[position].next = right.next
    symbols[Int(symbol.next)].isAlive = false
    if right.next >= 0 { symbols[Int(right.next)].previous = candidate.position }
    if symbol.previous >= 0 { consider(symbol.previous, merges) }
    consider(candidate.position, merges)
  }

  /// Pushes the pair that starts at `position`, if it has a rank.
  @inline(__always)
  private mutating func consider(_ position: Int32, _ merges: MergeTable.View) {
    let symbol = symbols[Int(position)]
    guard symbol.next >= 0, let merge = merges.find(symbol.id, symbols[Int(symbol.next)].id) else { return }
    var index = heap.count
    let candidate = Candidate(rank: merge.rank, position: position, joined: merge.joined)
    heap.append(candidate)
    while index > 0 {
      let parent = (index - 1) / 2
      guard candidate.precedes(heap[parent]) else { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = candidate
  }

  private mutating func popFirst() -> Candidate? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(last) else { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return first
  }
}
