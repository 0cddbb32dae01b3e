import DenseMath

/// Multi-head attention over packed sequences: z = softmax(scale q kᵀ) v for every head, a tile of query rows at a time.
///
/// Sequences are independent, so no mask is needed; a causal head leaves later keys out instead of adding a large
/// negative number, and their weight is exactly 0.
struct Attention {
  let heads: Int
  let headSize: Int
  let scale: Float
  /// Whether a query sees only keys up to its own position.
  let causal: Bool

  /// The rows of one sequence. With a key-value cache there are more keys than queries; the last rows correspond.
  struct Sequence {
    let queries: Range<Int>
    let keys: Range<Int>
  }

  /// Query rows scored at a time: with the keys and values of a head, the scores stay in a core's second-level cache.
  private static let tileRows = 84

  /// A thread's working memory, in numbers: packed keys, packed values and a tile of scores.
  struct Scratch {
    let keys: Int
    let values: Int
    /// Numbers per row of scores; rows start on cache lines.
    let scoreStride: Int

    /// - Parameter keys: the most that a head sees.
    init(headSize: Int, keys: Int) {
      self.keys = PackedFactor.size(rows: headSize, columns: keys)
      values = (PackedFactor.size(rows: keys, columns: headSize) + 15) / 16 * 16
      scoreStride = (keys + 15) / 16 * 16
    }

    var count: Int { keys + values + Attention.tileRows * scoreStride }
  }

  /// One task: some rows of one head, for which the thread packs the keys and values they see.
  private struct Part {
    let sequence: Sequence
    let head: Int
    /// Rows counted from the sequence's first query.
    let rows: Range<Int>
    /// Keys that at least one of the rows sees.
    let keys: Int
  }

  /// - Parameters:
  ///   - queries, keys, values, z: [tokens, H dHead], head h in columns h dHead ..< (h + 1) dHead.
  ///   - weights: for a single sequence, receives its softmax weights, [H, queries, keys].
  func apply(
    queries: MatrixView, keys: MatrixView, values: MatrixView, sequences: [Sequence], into z: MutableMatrixView,
    weights: UnsafeMutablePointer<Float>? = nil, workspace: Workspace
  ) {
    let parts = makeParts(sequences, threads: workspace.threads.count)
    let scratch = Scratch(headSize: headSize, keys: parts.reduce(0) { max($0, $1.keys) })
    let buffer = workspace.buffer(.scores, count: scratch.count * workspace.threads.count)
    workspace.threads.run(parts.count) { index, worker in
      let part = parts[index]
      let memory = buffer.pointer + worker * scratch.count
      let scores = memory + scratch.keys + scratch.values
      let head = part.head * headSize..<(part.head + 1) * headSize
      let firstKey = part.sequence.keys.lowerBound
      let seen = firstKey..<firstKey + part.keys
      let keyFactor = PackedFactor(keys[rows: seen, columns: head].transposed, memory: memory)  // [dHead, keys]
      let valueFactor = PackedFactor(values[rows: seen, columns: head], memory: memory + scratch.keys)  // [keys, dHead]
      for tile in tiles(of: part) {
        let firstRow = part.sequence.queries.lowerBound + tile.rows.lowerBound
        let rows = firstRow..<firstRow + tile.rows.count
        let line = MutableMatrixView(scores, rows: rows.count, columns: tile.keys, stride: scratch.scoreStride)
        keyFactor.multiply(queries[rows: rows, columns: head], alpha: scale, into: line)  // [rows, keys]
        normalize(tile, scores: scores, stride: scratch.scoreStride)
        if let weights { keep(tile, scores: scores, stride: scratch.scoreStride, in: weights) }
        valueFactor.multiply(MatrixView(line), into: z[rows: rows, columns: head])  // [rows, dHead]
      }
    }
  }

  /// One part per head and sequence, or several where threads would be idle; the longest first, so that the threads
  /// finish at about the same time.
  private func makeParts(_ sequences: [Sequence], threads: Int) -> [Part] {
    let pairs = max(1, sequences.count * heads)
    let mostPieces = (2 * threads + pairs - 1) / pairs
    var parts: [Part] = []
    for sequence in sequences {
      let count = sequence.queries.count
      let pieces = max(1, min(mostPieces, count / Self.tileRows))
      for piece in 0..<pieces {
        let rows = count * piece / pieces..<count * (piece + 1) / pieces
        for head in 0..<heads {
          parts.append(Part(sequence: sequence, head: head, rows: rows, keys: seen(by: rows, of: sequence)))
        }
      }
    }
    return parts.sorted { $0.rows.count * $0.keys > $1.rows.count * $1.keys }
  }

  private func tiles(of part: Part) -> [Part] {
    stride(from: part.rows.lowerBound, to: part.rows.upperBound, by: Self.tileRows).map { start in
      let rows = start..<min(start + Self.tileRows, part.rows.upperBound)
      return Part(sequence: part.sequence, head: part.head, rows: rows, keys: seen(by: rows, of: part.sequence))
    }
  }

  /// How many of a sequence's keys the last of `rows` sees.
  private func seen(by rows: Range<Int>, of sequence: Sequence) -> Int {
    causal ? sequence.keys.count - sequence.queries.count + rows.upperBound : sequence.keys.count
  }

  private func normalize(_ tile: Part, scores: UnsafeMutablePointer<Float>, stride: Int) {
    for (index, row) in tile.rows.enumerated() {
      let line = scores + index * stride
      let seen = seen(by: row..<row + 1, of: tile.sequence)
      VectorMath.softmax(line, scale: 1, count: seen)
      if seen < tile.keys { (line + seen).update(repeating: 0, count: tile.keys - seen) }
    }
  }

  private func keep(_ tile: Part, scores: UnsafePointer<Float>, stride: Int, in weights: UnsafeMutablePointer<Float>) {
    let queryCount = tile.sequence.queries.count
    let keyCount = tile.sequence.keys.count
    for (index, row) in tile.rows.enumerated() {
      let line = weights + (tile.head * queryCount + row) * keyCount
      line.update(from: scores + index * stride, count: tile.keys)
      (line + tile.keys).update(repeating: 0, count: keyCount - tile.keys)
    }
  }
}
