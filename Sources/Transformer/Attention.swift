import DenseMath

/// Multi-head attention over packed sequences: z = softmax(scale q kᵀ) v for every head, a tile of query rows at a time.
///
/// Sequences never see each other, so no mask is needed; a causal head leaves later keys out instead of adding a large
/// negative number, and their weight is exactly 0.
struct Attention {
  let heads: Int
  let headSize: Int
  let scale: Float
  /// Whether a query sees only keys up to its own position.
  let causal: Bool

  /// Rows of a [rows, ...] array whose row r starts `stride` r after `pointer`.
  struct Rows {
    let pointer: UnsafePointer<Float>
    let stride: Int
  }

  /// The rows of one sequence. With a key-value cache there are more keys than queries; the last rows correspond.
  struct Sequence {
    let queries: Range<Int>
    let keys: Range<Int>
  }

  /// Query rows in a tile: a tile of scores (this many rows of up to 1,024 keys) stays in a core's second-level cache.
  private static let tileRows = 128

  private struct Tile {
    let sequence: Sequence
    let head: Int
    /// Rows counted from the sequence's first query.
    let rows: Range<Int>
    /// Keys that at least one of the rows sees.
    let keys: Int
  }

  /// - Parameters:
  ///   - z: [queries, H dHead], row stride `zStride`, head h in columns h dHead ..< (h + 1) dHead.
  ///   - weights: for a single sequence, receives its softmax weights, [H, queries, keys].
  func apply(
    queries: Rows, keys: Rows, values: Rows, sequences: [Sequence], into z: UnsafeMutablePointer<Float>, zStride: Int,
    weights: UnsafeMutablePointer<Float>? = nil, workspace: Workspace
  ) {
    let tiles = makeTiles(sequences)
    let widest = tiles.reduce(0) { max($0, $1.rows.count * $1.keys) }
    // Whole cache lines apart, so that threads do not share one.
    let scratchSize = (widest + 31) / 16 * 16
    let scratch = workspace.buffer(.scores, count: scratchSize * workspace.threads.count)
    workspace.threads.run(tiles.count) { index, worker in
      let tile = tiles[index]
      let scores = scratch.pointer + worker * scratchSize
      score(tile, queries: queries, keys: keys, into: scores)
      normalize(tile, scores: scores)
      if let weights { keep(tile, scores: scores, in: weights) }
      Product.multiply(
        m: tile.rows.count, n: headSize, k: tile.keys, a: scores, aStride: tile.keys,
        b: values.pointer + tile.sequence.keys.lowerBound * values.stride + tile.head * headSize,
        bStride: values.stride,
        bTransposed: false,
        c: z + (tile.sequence.queries.lowerBound + tile.rows.lowerBound) * zStride + tile.head * headSize,
        cStride: zStride)
    }
  }

  /// The longest tiles of each sequence come first, so that the threads finish at about the same time.
  private func makeTiles(_ sequences: [Sequence]) -> [Tile] {
    var tiles: [Tile] = []
    for sequence in sequences {
      let count = sequence.queries.count
      let pieces = max(1, (count + Self.tileRows - 1) / Self.tileRows)
      for piece in (0..<pieces).reversed() {
        let rows = count * piece / pieces..<count * (piece + 1) / pieces
        let seen = causal ? sequence.keys.count - count + rows.upperBound : sequence.keys.count
        for head in 0..<heads { tiles.append(Tile(sequence: sequence, head: head, rows: rows, keys: seen)) }
      }
    }
    return tiles
  }

  private func score(_ tile: Tile, queries: Rows, keys: Rows, into scores: UnsafeMutablePointer<Float>) {
    Product.multiply(
      m: tile.rows.count, n: tile.keys, k: headSize, alpha: scale,
      a: queries.pointer + (tile.sequence.queries.lowerBound + tile.rows.lowerBound) * queries.stride
        + tile.head * headSize,
      aStride: queries.stride, b: keys.pointer + tile.sequence.keys.lowerBound * keys.stride + tile.head * headSize,
      bStride: keys.stride, bTransposed: true, c: scores, cStride: tile.keys)
  }

  private func normalize(_ tile: Tile, scores: UnsafeMutablePointer<Float>) {
    let offset = tile.sequence.keys.count - tile.sequence.queries.count
    for row in 0..<tile.rows.count {
      let line = scores + row * tile.keys
      let seen = causal ? min(tile.keys, offset + tile.rows.lowerBound + row + 1) : tile.keys
      VectorMath.softmax(line, scale: 1, count: seen)
      if seen < tile.keys { (line + seen).update(repeating: 0, count: tile.keys - seen) }
    }
  }

  private func keep(_ tile: Tile, scores: UnsafePointer<Float>, in weights: UnsafeMutablePointer<Float>) {
    let queryCount = tile.sequence.queries.count
    let keyCount = tile.sequence.keys.count
    for (index, row) in tile.rows.enumerated() {
      let line = weights + (tile.head * queryCount + row) * keyCount
      line.update(from: scores + index * tile.keys, count: tile.keys)
      (line + tile.keys).update(repeating: 0, count: keyCount - tile.keys)
    }
  }
}
