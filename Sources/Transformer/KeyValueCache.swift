import DenseMath

/// The keys and values of a GPT-2 text so far, or of several texts of one length side by side, so that the next token costs one
/// row of products instead of all of them.
package final class KeyValueCache {
  /// Tokens of each text whose keys and values are stored for every layer.
  package private(set) var tokens = 0
  /// The most tokens of a text that fit.
  package let capacity: Int
  private let texts: Int
  private let width: Int
  /// A layer's keys, then its values, each [texts, capacity, d].
  private let layers: [FloatBuffer]

  /// Room for `capacity` tokens (at most the model's positions) of each text.
  package init(_ dimensions: Dimensions, capacity: Int, texts: Int = 1) {
    self.texts = texts
    self.capacity = max(0, min(capacity, dimensions.positions))
    width = dimensions.hidden
    let count = 2 * texts * self.capacity * dimensions.hidden
    layers = (0..<dimensions.layers).map { _ in FloatBuffer(count: count) }
  }

  /// Appends keys and values of a layer, [rows, d] each; they count after `advance`.
  /// - Parameter sequences: the rows of each text, as many of each.
  func append(_ layer: Int, keys: MatrixView, values: MatrixView, sequences: [Range<Int>]) {
    precondition(sequences.count == texts, "\(sequences.count) texts for a key-value cache of \(texts)")
    let base = layers[layer].pointer
    for (text, rows) in sequences.enumerated() {
      precondition(tokens + rows.count <= capacity, "a key-value cache of \(capacity) tokens is full")
      for (place, row) in rows.enumerated() {
        let slot = (firstRow(of: text) + tokens + place) * width
        (base + slot).update(from: keys.pointer + row * keys.stride, count: width)
        (base + texts * capacity * width + slot).update(from: values.pointer + row * values.stride, count: width)
      }
    }
  }

  /// The row of a text's first token in `rows`.
  func firstRow(of text: Int) -> Int { text * capacity }

  func rows(_ layer: Int) -> (keys: MatrixView, values: MatrixView) {
    let base = UnsafePointer(layers[layer].pointer)
    return (
      MatrixView(base, rows: texts * capacity, columns: width),
      MatrixView(base + texts * capacity * width, rows: texts * capacity, columns: width)
    )
  }

  /// Counts `rows` tokens of each text that every layer has appended.
  func advance(by rows: Int) { tokens += rows }
}
