import DenseMath
import Transformer

/// How much of a vector its k strongest vocabulary items keep: an inner product of two vectors from the k largest
/// coordinates of their projections alone, compared with the exact one (Dar et al., "Analyzing Transformers in
/// Embedding Space", 2023, appendix A).
///
/// For vectors X, [n, d], G = X Xᵀ is compared with G_k = keep_k(X E) keep_k(X E')ᵀ, where keep_k keeps the k
/// coordinates of largest magnitude in each row. Projections and products are computed a tile of the vocabulary at a
/// time: memory grows with n², not with V.
package struct KeepK: Sendable {
  /// The projection of the second side, and which coordinates are kept.
  package enum Projection: String, Sendable, CaseIterable {
    /// E' = Eᵀ, as the paper reads parameters.
    case transpose
    /// E' = E⁺, the right inverse: exact when all are kept.
    case pseudoInverse = "pinv"
    /// Eᵀ, but each vector keeps k items drawn for it: the baseline.
    case random
    /// Eᵀ, but all vectors keep the same k random items: a random projection.
    case shared
  }

  /// The cosine of G and G_k, as vectors of n² numbers.
  package struct Point: Sendable, Equatable {
    package let k: Int
    /// Of all entries, as published. nil where either is zero.
    package let cosine: Double?
    /// Without the diagonal, the products of vectors with themselves.
    package let offDiagonal: Double?
  }

  /// The published k up to V, and V itself last.
  package static func grid(vocabulary: Int) -> [Int] {
    let published = [10, 50, 100, 200, 300, 500, 512, 1024, 2048, 4096, 10_000, 15_000, 20_000, 30_000]
    return published.filter { $0 < vocabulary } + [vocabulary]
  }

  /// Items of a tile.
  private static let tileWidth = 512

  private let wE: Tensor
  private let inverse: PositiveInverse
  private let threads: Threads

  /// - Parameter wE: [V, d]
  /// - Throws: `LinearAlgebraError` when wEᵀ wE cannot be inverted.
  package init(wE: Tensor, threads: Threads) throws {
    self.wE = wE
    self.threads = threads
    inverse = try PositiveInverse(DoubleMatrix.gram(wE, threads: threads))
  }

  /// The points of every projection.
  /// - Parameters: as of `points`, for each of several lots of vectors.
  /// - Returns: [lots][projections].
  /// - Throws: as `points`; what `progress` throws.
  package func curves(
    _ lots: [Tensor], ks: [Int], seed: UInt64, progress: ProgressHandler
  ) throws -> [[[Point]]] {
    let projections = Projection.allCases
    return try progress.during(.init("keep-k", unit: "curves", total: lots.count * projections.count)) { update in
      try lots.enumerated().map { lot, vectors in
        try projections.enumerated().map { index, projection in
          let points = try points(vectors, projection, ks: ks, seed: seed)
          try update(lot * projections.count + index + 1)
          return points
        }
      }
    }
  }

  /// - Parameters:
  ///   - x: [n, d]
  ///   - ks: ascending, each from 1 to V; at most 255.
  ///   - seed: of the items that `random` and `shared` draw.
  /// - Returns: one point per k, in their order.
  /// - Throws: `InterpretabilityError.setTooLarge`, `LinearAlgebraError`.
  package func points(_ x: Tensor, _ projection: Projection, ks: [Int], seed: UInt64) throws -> [Point] {
    precondition(ks.count < 256 && zip(ks, ks.dropFirst()).allSatisfy { $0 < $1 }, "k must rise, and be few: \(ks)")
    let (n, V) = (x.rows, wE.rows)
    if let k = ks.first(where: { !(1...max(1, V)).contains($0) }) {
      throw InterpretabilityError.setTooLarge(k, vocabulary: V)
    }
    let left = Side(x, ks: ks, keeping: keeping(projection, seed), by: wE, threads: threads)
    let right: Side?
    if projection == .pseudoInverse {
      // x E⁺ᵀ = (x (wEᵀ wE)⁻¹) wEᵀ: the same projection of another vector.
      let moved = try inverse.multipliedFromLeft(by: DoubleMatrix(x)).tensor
      right = Side(moved, ks: ks, keeping: .largest, by: wE, threads: threads)
    } else {
      right = nil
    }
    let products = keptProducts(left, right, n: n, ks: ks)
    let matrix = DoubleMatrix(x)
    let exact = matrix * matrix.transposed
    return ks.indices.map { index in
      let kept = products.pointer + index * n * n
      return Point(
        k: ks[index], cosine: Self.cosine(exact, kept, withDiagonal: true),
        offDiagonal: Self.cosine(exact, kept, withDiagonal: false))
    }
  }

  private func keeping(_ projection: Projection, _ seed: UInt64) -> Side.Keeping {
    switch projection {
    case .transpose, .pseudoInverse: return .largest
    case .random: return .drawn(seed: seed, isShared: false)
    case .shared: return .drawn(seed: seed, isShared: true)
    }
  }

  /// G_k of every k, [ks, n, n].
  private func keptProducts(_ left: Side, _ right: Side?, n: Int, ks: [Int]) -> FloatBuffer {
    let width = min(Self.tileWidth, wE.rows)
    let sums = FloatBuffer(count: ks.count * n * n)
    let tiles = (0..<2).map { _ in FloatBuffer(uninitializedCount: n * width) }
    let levels = (0..<2).map { _ in UnsafeMutablePointer<UInt8>.allocate(capacity: n * width) }
    defer { levels.forEach { $0.deallocate() } }
    let scratch = (0..<threads.count).map { _ in
      (
        left: FloatBuffer(uninitializedCount: n * width), right: FloatBuffer(uninitializedCount: n * width),
        packed: FloatBuffer(uninitializedCount: PackedFactor.size(rows: width, columns: n))
      )
    }
    for start in stride(from: 0, to: wE.rows, by: width) {
      let items = start..<min(start + width, wE.rows)
      left.project(items, by: wE, threads: threads, into: tiles[0].pointer)
      left.levels(of: tiles[0].pointer, items, ks: ks.count, threads: threads, into: levels[0])
      right?.project(items, by: wE, threads: threads, into: tiles[1].pointer)
      right?.levels(of: tiles[1].pointer, items, ks: ks.count, threads: threads, into: levels[1])
      // One k is one task from the first tile to the last, so its sums have the same order on any number of threads.
      threads.run(ks.count) { index, worker in
        let (a, b, packed) = (scratch[worker].left, scratch[worker].right, scratch[worker].packed)
        Self.keep(index, of: tiles[0].pointer, levels[0], count: n * items.count, into: a.pointer)
        if right != nil { Self.keep(index, of: tiles[1].pointer, levels[1], count: n * items.count, into: b.pointer) }
        let other = MatrixView((right == nil ? a : b).pointer, rows: n, columns: items.count)
        PackedFactor(other.transposed, memory: packed.pointer).multiply(
          MatrixView(a.pointer, rows: n, columns: items.count), adding: true,
          into: MutableMatrixView(sums.pointer + index * n * n, rows: n, columns: n))
      }
    }
    return sums
  }

  /// The coordinates that the k of that index keeps; 0 in place of the others.
  private static func keep(
    _ index: Int, of tile: UnsafePointer<Float>, _ levels: UnsafePointer<UInt8>, count: Int,
    into kept: UnsafeMutablePointer<Float>
  ) {
    let last = UInt8(index)
    for place in 0..<count { kept[place] = levels[place] <= last ? tile[place] : 0 }
  }

  private static func cosine(_ exact: DoubleMatrix, _ kept: UnsafePointer<Float>, withDiagonal: Bool) -> Double? {
    let n = exact.rows
    var (product, exactSquare, keptSquare) = (0.0, 0.0, 0.0)
    for row in 0..<n {
      for column in 0..<n where withDiagonal || row != column {
        let (a, b) = (exact[row, column], Double(kept[row * n + column]))
        product += a * b
        exactSquare += a * a
        keptSquare += b * b
      }
    }
    // Two roots, since a product of two squares may exceed even Double's range.
    let cosine = product / exactSquare.squareRoot() / keptSquare.squareRoot()
    return cosine.isFinite ? cosine : nil
  }

  /// Vectors, and which of their coordinates every k keeps.
  fileprivate struct Side {
    enum Keeping {
      /// Those of largest magnitude; for equal ones the lower ids.
      case largest
      case drawn(seed: UInt64, isShared: Bool)
    }

    private let x: Tensor
    private let keeping: Keeping
    /// [ks, n]: the least rank of a kept coordinate.
    private let cuts: [UInt64]

    init(_ x: Tensor, ks: [Int], keeping: Keeping, by wE: Tensor, threads: Threads) {
      self.x = x
      self.keeping = keeping
      let (n, V) = (x.rows, wE.rows)
      var cuts = [UInt64](repeating: 0, count: ks.count * n)
      cuts.withUnsafeMutableBufferPointer { cuts in
        // Each task writes its own cuts.
        nonisolated(unsafe) let cuts = cuts
        Unembedding.embedding(wE).withScores(of: x, threads: threads) { row, scores in
          let ordered = (0..<V).map { keeping.rank(scores[$0], row: row, id: $0) }.sorted(by: >)
          for (index, k) in ks.enumerated() { cuts[index * n + row] = ordered[k - 1] }
        }
      }
      self.cuts = cuts
    }

    /// Coordinates of all vectors for some items, [n, items].
    func project(_ items: Range<Int>, by wE: Tensor, threads: Threads, into tile: UnsafeMutablePointer<Float>) {
      Product.multiply(
        MatrixView(x), MatrixView(wE)[rows: items].transposed,
        into: MutableMatrixView(tile, rows: x.rows, columns: items.count), threads: threads)
    }

    /// For each coordinate of a tile the index of the least k that keeps it, [n, items]; the number of k for none.
    /// - Parameter ks: how many there are, at most 255.
    func levels(
      of tile: UnsafePointer<Float>, _ items: Range<Int>, ks: Int, threads: Threads,
      into levels: UnsafeMutablePointer<UInt8>
    ) {
      cuts.withUnsafeBufferPointer { cuts in
        nonisolated(unsafe) let cuts = cuts
        let n = x.rows
        threads.run(n) { row, _ in
          for (column, id) in items.enumerated() {
            let place = row * items.count + column
            let rank = keeping.rank(tile[place], row: row, id: id)
            // Cuts fall as k rises.
            var (low, high) = (0, ks)
            while low < high {
              let middle = (low + high) / 2
              if rank >= cuts[middle * n + row] { high = middle } else { low = middle + 1 }
            }
            levels[place] = UInt8(low)
          }
        }
      }
    }
  }
}

extension KeepK.Side.Keeping {
  /// Higher for coordinates kept longer, and different for every item of a row.
  @inline(__always)
  fileprivate func rank(_ score: Float, row: Int, id: Int) -> UInt64 {
    // Of equal upper halves the lower id is the higher rank.
    let tie = UInt64(~UInt32(truncatingIfNeeded: id))
    switch self {
    case .largest: return UInt64(score.magnitude.bitPattern) << 32 | tie
    case .drawn(let seed, let isShared):
      let place = UInt64(isShared ? 0 : row + 1) << 32 | UInt64(id)
      var generator = SplitMix64(seed: seed ^ place &* 0x9E37_79B9_7F4A_7C15)
      return generator.next() & ~UInt64(UInt32.max) | tie
    }
  }
}

extension DoubleMatrix {
  /// A copy of a matrix in Double.
  fileprivate init(_ tensor: Tensor) {
    self.init(rows: tensor.rows, columns: tensor.columns, values: tensor.values.map { Double($0) })
  }
}
