import DenseMath

/// The sums of a lens's distributions over many positions, one row of V per level.
package final class LensDistributions {
  private static let blockSize = 2048

  package let vocabulary: Int
  /// [levels, V]; each row sums to `places`.
  private var sums: [Double]
  /// Positions added.
  package private(set) var places = 0

  package init(levels: Int, vocabulary: Int) {
    self.vocabulary = vocabulary
    sums = [Double](repeating: 0, count: levels * vocabulary)
  }

  /// The sums of a level, rounded, [V].
  package subscript(level: Int) -> [Float] {
    sums[level * vocabulary..<(level + 1) * vocabulary].map { Float($0) }
  }

  /// - Parameter probabilities: [levels, rows, V]
  func add(_ probabilities: UnsafePointer<Float>, rows: Int, threads: Threads) {
    let V = vocabulary
    let blocks = (V + Self.blockSize - 1) / Self.blockSize
    let levels = sums.count / max(1, V)
    sums.withUnsafeMutableBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      // Each task has its own part of the sums, and adds the rows in their order.
      nonisolated(unsafe) let out = sums
      threads.run(levels * blocks) { task, _ in
        let (level, block) = (task / blocks, task % blocks)
        for row in 0..<rows {
          let source = probabilities + (level * rows + row) * V
          for id in block * Self.blockSize..<min(V, (block + 1) * Self.blockSize) {
            out[level * V + id] += Double(source[id])
          }
        }
      }
    }
    places += rows
  }
}
