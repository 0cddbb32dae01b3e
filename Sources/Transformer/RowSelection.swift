/// Some rows of a batch's [T, width] numbers, in order: at their own places, or packed at the front.
package struct RowSelection: Sendable {
  /// Ascending, each once.
  package let rows: [Int]
  /// T
  package let tokens: Int

  package init(_ rows: [Int], of tokens: Int) { (self.rows, self.tokens) = (rows, tokens) }

  /// From their places to the front.
  /// - Parameter stride: numbers from one row to the next; nil where rows are contiguous.
  package func gather(_ x: UnsafeMutablePointer<Float>, width: Int, stride: Int? = nil) {
    let stride = stride ?? width
    for (place, row) in rows.enumerated() where place != row {
      (x + place * stride).update(from: x + row * stride, count: width)
    }
  }

  /// From the front to their places; the other rows are filled.
  package func spread(_ x: UnsafeMutablePointer<Float>, width: Int, filling value: Float) {
    var end = tokens
    for (place, row) in rows.enumerated().reversed() {
      if place != row { (x + row * width).update(from: x + place * width, count: width) }
      (x + (row + 1) * width).update(repeating: value, count: (end - row - 1) * width)
      end = row
    }
    x.update(repeating: value, count: end * width)
  }
}
