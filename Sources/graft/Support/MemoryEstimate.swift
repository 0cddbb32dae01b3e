import Checkpoints
import Transformer

/// What a model takes in memory, in bytes.
struct MemoryEstimate {
  /// Weights in the mapped file, and Float32 copies of those that are stored as another type.
  let mapped: Int
  /// Working memory of one pass over a text: the buffers of the widest block and, with a head over the vocabulary, none
  /// of its scores.
  let working: Int

  init(_ model: any TransformerModel, tokens: Int, threads: Int) {
    let entries = model.checkpoints.flatMap(\.checkpoint.entries)
    mapped = entries.reduce(0) { sum, entry in
      sum + entry.byteCount + (entry.type.isConverted ? entry.count * 4 : 0)
    }
    let numbers = model.blockDimensions.map { size in
      // Residual stream, normalised input, update and head outputs; queries, keys and values; feed-forward neurons.
      let rows = tokens * (4 * size.hidden + 3 * size.hidden + size.feedForward)
      // A tile of attention scores a thread: at most 128 query rows.
      return rows + threads * min(tokens, 128) * tokens
    }
    working = 4 * (numbers.max() ?? 0)
  }
}

extension ElementType {
  /// Whether Graft keeps a Float32 copy: floating-point numbers of another width.
  fileprivate var isConverted: Bool { self == .float16 || self == .bfloat16 || self == .float64 }
}
