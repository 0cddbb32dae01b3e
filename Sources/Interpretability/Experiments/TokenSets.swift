import DenseMath
import Transformer

/// The k vocabulary items with the highest scores of each of several vectors.
package struct TokenSets: Sendable {
  /// Items in a set.
  package let k: Int
  /// Sets.
  package let count: Int
  /// [count, k], ids ascending in each row.
  private let ids: [Int32]

  /// - Parameters:
  ///   - vectors: [n, d]
  ///   - wE: [V, d], the matrix that they are projected with.
  ///   - magnitudes: whether to rank by |score|, not by the score.
  ///   - tokens: the items to rank, ascending; nil for all.
  /// - Throws: `InterpretabilityError.setTooLarge` when there are no k items.
  package init(
    of vectors: Tensor, by wE: Tensor, k: Int, magnitudes: Bool = false, among tokens: [Int]? = nil, threads: Threads
  ) throws {
    let V = wE.rows
    let most = tokens?.count ?? V
    guard k >= 1, k <= most else { throw InterpretabilityError.setTooLarge(k, vocabulary: most) }
    let n = vectors.rows
    var ids = [Int32](repeating: 0, count: n * k)
    ids.withUnsafeMutableBufferPointer { ids in
      // Each task writes its own k ids.
      nonisolated(unsafe) let ids = ids
      Unembedding.embedding(wE).withScores(of: vectors, threads: threads) { row, scores in
        if magnitudes { for id in 0..<V { scores[id] = abs(scores[id]) } }
        let found = TopK.highest(k, of: scores, count: V, among: tokens).map { Int32($0.id) }.sorted()
        // A vector with a NaN has no items; its set is filled with indices that no other set contains.
        for place in 0..<k { ids[row * k + place] = place < found.count ? found[place] : -1 }
      }
    }
    (self.k, count, self.ids) = (k, n, ids)
  }

  /// The ids of a set, ascending.
  package subscript(set: Int) -> ArraySlice<Int32> { ids[set * k..<(set + 1) * k] }

  /// Sim_k, the Jaccard index |a ∩ b| / |a ∪ b| of two sets (Dar et al. 2023, section 4.2).
  package func similarity(_ set: Int, to other: TokenSets, _ otherSet: Int) -> Double {
    let shared = Self.sharedCount(self[set], other[otherSet])
    let union = k + other.k - shared
    return Double(shared) / Double(union)
  }

  /// The ids that two sets share, ascending.
  package func shared(_ set: Int, with other: TokenSets, _ otherSet: Int) -> [Int32] {
    let wanted = Set(other[otherSet])
    return self[set].filter { wanted.contains($0) && $0 >= 0 }
  }

  /// R_k, the share of a set that is in at least one of several others: |b ∩ ∪ aᵢ| / k (Dar et al. 2023, section 4.2).
  /// - Parameter others: sets of `parameters`.
  package func recall(_ set: Int, in parameters: TokenSets, _ others: some Sequence<Int>) -> Double {
    var covered: Set<Int32> = []
    for other in others { covered.formUnion(parameters[other]) }
    covered.remove(-1)
    return Double(self[set].count { covered.contains($0) }) / Double(k)
  }

  /// The expected Jaccard index of two random sets of k of V items, to first order: E|a ∩ b| = k²/V.
  package static func chance(k: Int, vocabulary: Int) -> Double {
    let shared = Double(k) * Double(k) / Double(vocabulary)
    return shared / (2 * Double(k) - shared)
  }

  private static func sharedCount(_ a: ArraySlice<Int32>, _ b: ArraySlice<Int32>) -> Int {
    var (i, j, shared) = (a.startIndex, b.startIndex, 0)
    while i < a.endIndex, j < b.endIndex {
      let (left, right) = (a[i], b[j])
      if left == right {
        if left >= 0 { shared += 1 }
        i += 1
        j += 1
      } else if left < right {
        i += 1
      } else {
        j += 1
      }
    }
    return shared
  }
}
