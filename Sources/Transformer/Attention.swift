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
    /// For a tile of queries, or of weights, in bfloat16.
    let rounded: Int

    /// - Parameter keys: the most that a head sees.
    init(headSize: Int, keys: Int, precision: Precision) {
      self.keys = PackedFactor.size(rows: headSize, columns: keys)
      values = (PackedFactor.size(rows: keys, columns: headSize) + 15) / 16 * 16
      scoreStride = MutableMatrixView.readingStride(columns: (keys + 15) / 16 * 16)
      rounded =
        precision == .bfloat16
        ? [headSize, keys].reduce(0) { max($0, RoundedRows.size(rows: Attention.tileRows, columns: $1)) } : 0
    }

    var count: Int { keys + values + Attention.tileRows * scoreStride + (rounded + 15) / 16 * 16 }
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
    let scratch = Scratch(
      headSize: headSize, keys: parts.reduce(0) { max($0, $1.keys) }, precision: workspace.precision)
    let buffer = workspace.buffer(.scores, count: scratch.count * workspace.threads.count)
    workspace.threads.run(parts.count) { index, worker in
      let part = parts[index]
      let memory = buffer.pointer + worker * scratch.count
      let scores = memory + scratch.keys + scratch.values
      let head = part.head * headSize..<(part.head + 1) * headSize
      let firstKey = part.sequence.keys.lowerBound
      let seen = firstKey..<firstKey + part.keys
      let products = Products(
        keys: keys[rows: seen, columns: head].transposed, values: values[rows: seen, columns: head], memory: memory,
        scratch, workspace.precision)
      for tile in tiles(of: part) {
        let firstRow = part.sequence.queries.lowerBound + tile.rows.lowerBound
        let rows = firstRow..<firstRow + tile.rows.count
        let line = MutableMatrixView(scores, rows: rows.count, columns: tile.keys, stride: scratch.scoreStride)
        products.score(queries[rows: rows, columns: head], scale: scale, into: line)  // [rows, keys]
        normalize(tile, scale: products.scaleLeft(scale), scores: scores, stride: scratch.scoreStride)
        if let weights { keep(tile, scores: scores, stride: scratch.scoreStride, in: weights) }
        products.mix(MatrixView(line), into: z[rows: rows, columns: head])  // [rows, dHead]
      }
    }
  }

  /// The two products of a head, with its keys and values packed.
  private enum Products {
    case float32(keys: PackedFactor, values: PackedFactor)
    case bfloat16(keys: RoundedFactor, values: RoundedFactor, rounded: UnsafeMutablePointer<Float>)

    /// - Parameters:
    ///   - keys: [dHead, keys]; `values`: [keys, dHead].
    init(
      keys: MatrixView, values: MatrixView, memory: UnsafeMutablePointer<Float>, _ scratch: Scratch,
      _ precision: Precision
    ) {
      let second = memory + scratch.keys
      switch precision {
      case .float32:
        self = .float32(keys: PackedFactor(keys, memory: memory), values: PackedFactor(values, memory: second))
      case .bfloat16:
        self = .bfloat16(
          keys: RoundedFactor(keys, memory: memory), values: RoundedFactor(values, memory: second),
          rounded: second + scratch.values + Attention.tileRows * scratch.scoreStride)
      }
    }

    /// q kᵀ, [rows, keys]; multiplied by `scale` in Float32 alone, see `scaleLeft`.
    func score(_ queries: MatrixView, scale: Float, into scores: MutableMatrixView) {
      switch self {
      case .float32(let keys, _): keys.multiply(queries, alpha: scale, into: scores)
      case .bfloat16(let keys, _, let memory): Self.multiply(queries, by: keys, into: scores, memory)
      }
    }

    /// The factor that the scores still lack.
    func scaleLeft(_ scale: Float) -> Float {
      switch self {
      case .float32: 1
      case .bfloat16: scale
      }
    }

    /// The weighted sums of values, [rows, dHead].
    func mix(_ weights: MatrixView, into z: MutableMatrixView) {
      switch self {
      case .float32(_, let values): values.multiply(weights, into: z)
      case .bfloat16(_, let values, let memory): Self.multiply(weights, by: values, into: z, memory)
      }
    }

    private static func multiply(
      _ a: MatrixView, by factor: RoundedFactor, into c: MutableMatrixView, _ memory: UnsafeMutablePointer<Float>
    ) {
      let rounded = RoundedRows(columns: a.columns, memory: memory)
      for row in 0..<a.rows { rounded.set(row, a.pointer + row * a.stride, count: a.columns) }
      factor.multiply(rounded, rows: 0..<a.rows, into: c)
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

  private func normalize(_ tile: Part, scale: Float, scores: UnsafeMutablePointer<Float>, stride: Int) {
    for (index, row) in tile.rows.enumerated() {
      let line = scores + index * stride
      let seen = seen(by: row..<row + 1, of: tile.sequence)
      VectorMath.softmax(line, scale: scale, count: seen)
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
