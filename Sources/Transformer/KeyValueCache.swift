import DenseMath

/// The keys and values of a GPT-2 text so far, so that the next token costs one row of products instead of all of them.
package final class KeyValueCache {
  /// Tokens whose keys and values are stored for every layer.
  package private(set) var tokens = 0
  /// The most tokens that fit.
  package let capacity: Int
  private let width: Int
  /// A layer's keys, then its values, each [capacity, d].
  private let layers: [FloatBuffer]

  /// Room for `capacity` tokens (at most the model's positions).
  package init(_ dimensions: Dimensions, capacity: Int) {
    self.capacity = max(0, min(capacity, dimensions.positions))
    width = dimensions.hidden
    let count = 2 * self.capacity * dimensions.hidden
    layers = (0..<dimensions.layers).map { _ in FloatBuffer(count: count) }
  }

  /// Appends keys and values of a layer, [rows, d] each; they count after `advance`.
  func append(_ layer: Int, keys: MatrixView, values: MatrixView) {
    precondition(tokens + keys.rows <= capacity, "a key-value cache of \(capacity) tokens is full")
    let base = layers[layer].pointer
    for row in 0..<keys.rows {
      let slot = (tokens + row) * width
      (base + slot).update(from: keys.pointer + row * keys.stride, count: width)
      (base + capacity * width + slot).update(from: values.pointer + row * values.stride, count: width)
    }
  }

  func rows(_ layer: Int) -> (keys: MatrixView, values: MatrixView) {
    let base = UnsafePointer(layers[layer].pointer)
    return (
      MatrixView(base, rows: capacity, columns: width),
      MatrixView(base + capacity * width, rows: capacity, columns: width)
    )
  }

  /// Counts `rows` tokens that every layer has appended.
  func advance(by rows: Int) { tokens += rows }
}
