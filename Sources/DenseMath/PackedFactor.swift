import CVectorMath

/// The right factor of products, [k, n], rearranged so that the innermost loop reads it as one stream.
///
/// Rearranging costs about as much as multiplying two or three rows by the factor, once for all the products with it.
/// Every element of a product is summed over k in order, so it has the same bits whatever rows and columns are made
/// beside it.
public struct PackedFactor {
  private let memory: UnsafeMutablePointer<Float>
  /// k
  public let rows: Int
  /// n
  public let columns: Int
  private let panelWidth = cvm_panel_width()

  /// How many numbers the memory for a factor must hold, on whatever instruction set a thread may run.
  public static func size(rows: Int, columns: Int) -> Int {
    let widest = Int(CVM_WIDEST_PANEL)
    return (columns + widest - 1) / widest * widest * rows
  }

  /// - Parameters:
  ///   - b: stored [rows, columns] with rows `stride` apart, or [columns, rows] when `transposed`.
  ///   - memory: room for `size(rows:columns:)` numbers, best aligned to 64 bytes; used as long as the factor is.
  public init(
    _ b: UnsafePointer<Float>, stride: Int, transposed: Bool, rows: Int, columns: Int,
    memory: UnsafeMutablePointer<Float>
  ) {
    self.memory = memory
    self.rows = rows
    self.columns = columns
    let pack = transposed ? cvm_pack_panels_transposed : cvm_pack_panels
    pack(memory, panelStride, b, stride, columns, rows)
  }

  private var panelStride: Int { panelWidth * rows }

  /// c = alpha a b, or c + alpha a b, on the calling thread.
  /// - Parameters:
  ///   - a: [m, rows], rows `aStride` apart.
  ///   - c: [m, columns], rows `cStride` apart.
  ///   - firstRows: uses only so many rows of the factor, and columns of a.
  ///   - firstColumns: makes only so many columns.
  public func multiply(
    _ a: UnsafePointer<Float>, stride aStride: Int, m: Int, alpha: Float = 1, firstRows: Int? = nil,
    firstColumns: Int? = nil, adding: Bool = false, into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    let (k, n) = (firstRows ?? rows, firstColumns ?? columns)
    precondition(k <= rows && n <= columns, "[\(k), \(n)] of a factor of [\(rows), \(columns)]")
    precondition(panelWidth == cvm_panel_width(), "packed on another instruction set")
    cvm_multiply_panels(c, cStride, a, aStride, memory, panelStride, m, n, k, alpha, adding ? 1 : 0)
  }
}
