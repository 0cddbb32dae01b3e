import Checkpoints
import DenseMath

/// What a model takes in memory, in bytes.
package struct MemoryEstimate: Equatable, Sendable {
  /// Weights in the mapped file, and Float32 copies of those that are stored as another type.
  package let mapped: Int
  /// Working memory of one pass over a text: the buffers of the widest block. A head over the vocabulary adds its scores,
  /// which nobody makes for a whole text at once.
  package let working: Int

  /// - Parameter tokens: how long the text is.
  package init(_ model: any TransformerModel, tokens: Int, threads: Threads) {
    let entries = model.segments.flatMap(\.model.checkpoint.entries)
    mapped = entries.reduce(0) { sum, entry in
      sum + entry.byteCount + (entry.type.isConverted ? entry.count * 4 : 0)
    }
    let numbers = model.blockDimensions.map { size in
      // Residual stream, update, head outputs and, where it is not the stream itself, the normalised input of a half;
      // queries, keys and values; feed-forward neurons.
      let streams = model.traits.normPlacement == .pre ? 4 : 3
      let rows = tokens * (streams * size.hidden + 3 * size.hidden + size.feedForward)
      return rows + threads.count * Attention.Scratch(headSize: size.headSize, keys: tokens).count
    }
    working = 4 * (numbers.max() ?? 0)
  }
}

extension ElementType {
  /// Whether Graft keeps a Float32 copy: floating-point numbers of another width.
  fileprivate var isConverted: Bool { self == .float16 || self == .bfloat16 || self == .float64 }
}
