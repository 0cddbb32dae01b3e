import CVectorMath

/// The right factor of products, [k, n], rearranged so that the innermost loop reads it as one stream.
///
/// Packing costs about as much as multiplying two or three rows by the factor, once for all products with it. Every
/// element of a product is summed over k in order, so its bits do not depend on the other rows and columns.
package struct PackedFactor {
  private let memory: UnsafeMutablePointer<Float>
  /// k
  package let rows: Int
  /// n
  package let columns: Int
  private let panelWidth: Int

  /// How many numbers a packed factor needs, for any instruction set a thread may use.
  package static func size(rows: Int, columns: Int) -> Int {
    let widest = Int(CVM_WIDEST_PANEL)
    return (columns + widest - 1) / widest * widest * rows
  }

  /// - Parameter memory: `size(rows:columns:)` numbers, best aligned to 64 bytes; used as long as the factor is.
  package init(_ b: MatrixView, memory: UnsafeMutablePointer<Float>) {
    self.memory = memory
    (rows, columns, panelWidth) = (b.rows, b.columns, cvm_panel_width())
    let pack = b.isTransposed ? cvm_pack_panels_transposed : cvm_pack_panels
    pack(memory, panelStride, b.pointer, b.stride, columns, rows)
  }

  /// A factor that was packed before.
  init(packed memory: UnsafeMutablePointer<Float>, rows: Int, columns: Int, panelWidth: Int) {
    (self.memory, self.rows, self.columns, self.panelWidth) = (memory, rows, columns, panelWidth)
  }

  private var panelStride: Int { panelWidth * rows }

  /// c = alpha a b, or c + alpha a b when `adding`, on the calling thread.
  ///
  /// A narrower a uses only that many rows of the factor; a narrower c gets only that many columns.
  /// - Parameters:
  ///   - a: [m, at most rows], not transposed.
  ///   - c: [m, at most columns]
  ///   - soon: memory that is read after this product, which is brought into the cache meanwhile.
  package func multiply(
    _ a: MatrixView, alpha: Float = 1, adding: Bool = false, into c: MutableMatrixView,
    soon: UnsafeBufferPointer<Float>? = nil
  ) {
    precondition(
      a.rows == c.rows && a.columns <= rows && c.columns <= columns && !a.isTransposed,
      "\(a.rows) x \(a.columns) times a factor of \(rows) x \(columns) into \(c.rows) x \(c.columns)")
    precondition(panelWidth == cvm_panel_width(), "packed on another instruction set")
    cvm_multiply_panels(
      c.pointer, c.stride, a.pointer, a.stride, memory, panelStride, a.rows, c.columns, a.columns, alpha,
      adding ? 1 : 0, soon?.baseAddress, soon?.count ?? 0)
  }
}
