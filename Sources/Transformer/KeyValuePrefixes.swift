import DenseMath

/// Keys and values of a text from an earlier pass, for passes over the ends of that text: a causal model's rows before a
/// change are not computed again. Several ends, each after its own number of tokens, form one batch.
package struct KeyValuePrefixes {
  /// [blocks] of [T, d].
  private let keys: [Tensor]
  private let values: [Tensor]
  /// How many tokens of the text come before each sequence of the batch.
  let lengths: [Int]

  /// - Parameters:
  ///   - keys, values: the sites of these names, [blocks] of [T, d].
  ///   - lengths: one per sequence, at most T.
  package init(keys: [Tensor], values: [Tensor], lengths: [Int]) {
    (self.keys, self.values, self.lengths) = (keys, values, lengths)
  }

  /// Keys and values of a batch with those of the tokens before each sequence: [Σ (length + rows), d], sequence after
  /// sequence.
  func joined(
    _ layer: Int, keys: MatrixView, values: MatrixView, of batch: PackedBatch, workspace: Workspace
  ) -> (keys: MatrixView, values: MatrixView) {
    let width = keys.columns
    let starts = zip(lengths, batch.sequences).reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.0 + $1.1.count) }
    let count = starts[lengths.count]
    let all = workspace.buffer(.joinedKeys, count: 2 * count * width).pointer
    workspace.threads.run(2 * lengths.count) { task, _ in
      let (index, isValues) = (task / 2, task % 2 == 1)
      let (before, own) = isValues ? (self.values[layer], values) : (self.keys[layer], keys)
      let out = all + ((isValues ? count : 0) + starts[index]) * width
      out.update(from: before.pointer, count: lengths[index] * width)
      for (place, row) in batch.sequences[index].enumerated() {
        (out + (lengths[index] + place) * width).update(from: own.pointer + row * own.stride, count: width)
      }
    }
    return (
      MatrixView(all, rows: count, columns: width), MatrixView(all + count * width, rows: count, columns: width)
    )
  }
}
