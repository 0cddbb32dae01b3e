import Synchronization

/// The k first of a stream of pairs: a list that is sorted and truncated whenever it has grown by about half.
struct PairCandidates: Sendable {
  let k: Int
  private var kept: [ScoredPair] = []
  /// The last one kept at the last cut.
  private var worst: ScoredPair?

  init(_ k: Int) { self.k = k }

  /// A score below which nothing can enter; -∞ until there are k.
  var threshold: Double { worst?.score ?? -.infinity }

  mutating func offer(_ pair: ScoredPair) {
    if let worst, !pair.ranksBefore(worst) { return }
    kept.append(pair)
    if kept.count >= k + (worst == nil ? 0 : max(16, k / 2)) { cut() }
  }

  mutating func merge(_ other: PairCandidates) {
    for pair in other.kept { offer(pair) }
  }

  func sorted() -> [ScoredPair] { Array(kept.sorted { $0.ranksBefore($1) }.prefix(k)) }

  private mutating func cut() {
    kept = sorted()
    worst = kept.last
  }
}

/// The highest threshold that any thread has reached: each thread's k-th score is at most the k-th of all.
final class SharedThreshold: Sendable {
  private let bits = Atomic<UInt64>((-Double.infinity).bitPattern)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func raise(to value: Double) {
    var current = bits.load(ordering: .relaxed)
    while value > Double(bitPattern: current) {
      let (done, found) = bits.compareExchange(expected: current, desired: value.bitPattern, ordering: .relaxed)
      if done { return }
      current = found
    }
  }
}
