import Checkpoints
import DenseMath

/// The memory of a model, in bytes.
package struct MemoryEstimate: Equatable, Sendable {
  /// Weights in the mapped file, and Float32 copies of those that are stored as another type.
  package let mapped: Int
  /// Working memory of one pass over a text: the buffers of the widest block. Scores of a head over the vocabulary,
  /// never held for a whole text at once, are not included.
  package let working: Int

  /// - Parameter tokens: how long the text is.
  package init(_ model: any TransformerModel, tokens: Int, threads: Threads) {
    let entries = model.segments.flatMap(\.model.checkpoint.entries)
    mapped = entries.reduce(0) { sum, entry in
      sum + entry.byteCount + (entry.type.isConverted ? entry.count * 4 : 0)
    }
    let numbers = model.blockDimensions.map { size in
      // Head outputs and, in a pre-norm block, the normalised input; queries, keys and values; feed-forward neurons.
      let widths =
        [size.hidden, 3 * size.hidden, size.feedForward] + (model.traits.normPlacement == .pre ? [size.hidden] : [])
      let read = widths.reduce(0) { $0 + MutableMatrixView.readingStride(columns: $1) }
      let attention = Attention.Scratch(headSize: size.headSize, keys: tokens, precision: .float32)
      // Beside them the residual stream and the update.
      return tokens * (2 * size.hidden + read) + threads.count * attention.count
    }
    working = 4 * (numbers.max() ?? 0)
  }
}

extension ElementType {
  /// Whether Graft keeps a Float32 copy: floating-point numbers of another width.
  fileprivate var isConverted: Bool { self == .float16 || self == .bfloat16 || self == .float64 }
}
