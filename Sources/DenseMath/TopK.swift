/// A score and its id: a vocabulary item, or a pair of items as row · V + column.
public struct ScoredID: Equatable, Sendable {
  /// What items are ranked by.
  public let score: Float
  /// The item, from 0.
  public let id: Int

  /// An item with its score.
  public init(score: Float, id: Int) {
    self.score = score
    self.id = id
  }

  /// Whether this one comes first in a ranking: the higher score; for equal scores the lower id.
  public func ranksBefore(_ other: ScoredID) -> Bool {
    score > other.score || (score == other.score && id < other.id)
  }
}

/// The k highest of a stream of scores, independent of their order. Every ranking of vocabulary items in Graft comes
/// from here, so ties always go to the lower id. A NaN is never kept.
package struct TopK: Sendable {
  package let k: Int
  /// A heap with the lowest entry first.
  private var heap: [ScoredID] = []

  /// - Parameter k: how many to keep; none for 0 and less.
  package init(_ k: Int) { self.k = max(0, k) }

  /// How many are kept, at most k.
  package var count: Int { heap.count }

  /// The lowest kept score once there are k; nothing below it can enter. -∞ until then, +∞ for k = 0.
  package var threshold: Float { heap.count < k ? -.infinity : heap.first?.score ?? .infinity }

  package mutating func offer(_ score: Float, id: Int) {
    guard !score.isNaN else { return }
    let candidate = ScoredID(score: score, id: id)
    if heap.count < k {
      heap.append(candidate)
      siftUp(heap.count - 1)
    } else if let worst = heap.first, candidate.ranksBefore(worst) {
      heap[0] = candidate
      siftDown()
    }
  }

  /// Offers `count` scores with ids from `firstID` on. Costs little more than reading the row: numbers below the
  /// threshold are skipped a vector at a time.
  package mutating func offer(_ scores: UnsafePointer<Float>, count: Int, firstID: Int) {
    var index = 0
    while index < count, heap.count < k {
      offer(scores[index], id: firstID + index)
      index += 1
    }
    while let worst = heap.first, index < count {
      // An equal score enters only under a lower id, and ids rise along the row.
      let least = firstID + index < worst.id ? worst.score : worst.score.nextUp
      index += VectorMath.firstAtLeast(least, in: scores + index, count: count - index)
      guard index < count else { return }
      offer(scores[index], id: firstID + index)
      index += 1
    }
  }

  /// Offers a row of `count` scores, whose ids are their indices.
  /// - Parameter ids: the indices to offer, ascending; nil for all.
  package mutating func offer(_ scores: UnsafePointer<Float>, count: Int, among ids: [Int]?) {
    guard let ids else { return offer(scores, count: count, firstID: 0) }
    for id in ids { offer(scores[id], id: id) }
  }

  package mutating func merge(_ other: TopK) {
    for entry in other.heap { offer(entry.score, id: entry.id) }
  }

  /// What is kept, best first.
  package func sorted() -> [ScoredID] { heap.sorted { $0.ranksBefore($1) } }

  private mutating func siftUp(_ index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[parent].ranksBefore(heap[child]) else { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var worst = parent
      for child in 2 * parent + 1..<2 * parent + 3 where child < heap.count && heap[worst].ranksBefore(heap[child]) {
        worst = child
      }
      guard worst != parent else { return }
      heap.swapAt(parent, worst)
      parent = worst
    }
  }
}

extension TopK {
  /// The k highest of a row of scores, best first; ids are indices.
  /// - Parameter ids: the indices to rank, ascending; nil for all.
  package static func highest(
    _ k: Int, of scores: UnsafePointer<Float>, count: Int, among ids: [Int]? = nil
  ) -> [ScoredID] {
    var best = TopK(k)
    best.offer(scores, count: count, among: ids)
    return best.sorted()
  }
}
