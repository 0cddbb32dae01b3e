/// A matrix of Float32 numbers in borrowed memory, the input of products, row-major or transposed. Creating one
/// allocates nothing and keeps nothing alive.
///
/// Decision: another weight type is added here. A product reads its right factor in one place, `PackedFactor.init`; a
/// half-precision or quantized weight becomes a second kind of view that is packed there. Left factors, sums and
/// results stay Float32.
package struct MatrixView {
  /// The first number.
  package let pointer: UnsafePointer<Float>
  /// Rows of the matrix, before any transposition in storage.
  package let rows: Int
  /// Columns of the matrix, before any transposition in storage.
  package let columns: Int
  /// Numbers from the start of one stored row to the next.
  package let stride: Int
  /// Whether it is stored as [columns, rows].
  package let isTransposed: Bool

  private init(_ pointer: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.isTransposed = isTransposed
  }

  /// - Parameters:
  ///   - pointer: to memory that outlives this view; not a temporary pointer to an array.
  ///   - stride: numbers from one row to the next; `columns` where rows are contiguous.
  package init(_ pointer: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.init(pointer, rows: rows, columns: columns, stride: stride ?? columns, isTransposed: false)
  }

  /// A tensor's outermost axis as rows, the others as columns.
  package init(_ tensor: Tensor) { self.init(tensor.pointer, rows: tensor.rows, columns: tensor.columns) }

  /// A mutable view, for reading.
  package init(_ matrix: MutableMatrixView) {
    self.init(matrix.pointer, rows: matrix.rows, columns: matrix.columns, stride: matrix.stride)
  }

  /// The same numbers with rows and columns exchanged.
  package var transposed: MatrixView {
    MatrixView(pointer, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }

  /// A range of rows and columns.
  package subscript(rows rows: Range<Int>, columns columns: Range<Int>) -> MatrixView {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= self.rows && columns.lowerBound >= 0
        && columns.upperBound <= self.columns, "rows \(rows) and columns \(columns) of \(self.rows) x \(self.columns)")
    let (outer, inner) =
      isTransposed ? (columns.lowerBound, rows.lowerBound) : (rows.lowerBound, columns.lowerBound)
    return MatrixView(
      pointer + outer * stride + inner, rows: rows.count, columns: columns.count, stride: stride,
      isTransposed: isTransposed)
  }

  /// A range of rows.
  package subscript(rows rows: Range<Int>) -> MatrixView { self[rows: rows, columns: 0..<columns] }
  /// A range of columns.
  package subscript(columns columns: Range<Int>) -> MatrixView { self[rows: 0..<rows, columns: columns] }
}

/// A row-major matrix of Float32 numbers in borrowed memory, the output of products.
package struct MutableMatrixView {
  /// The first number.
  package let pointer: UnsafeMutablePointer<Float>
  package let rows: Int
  package let columns: Int
  /// Numbers from the start of one row to the next.
  package let stride: Int

  /// - Parameters:
  ///   - pointer: to memory that outlives this view; not a temporary pointer to an array.
  ///   - stride: numbers from one row to the next; `columns` where rows are contiguous.
  package init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  /// Numbers from one row to the next where rows of `columns` numbers are laid out for products to read.
  ///
  /// A first-level cache of 12 ways holds 12 lines that lie a multiple of 4,096 bytes apart, and the kernels read up to 14
  /// rows side by side: at such a distance they take 3 to 7% longer. Of 8 ways, 2,048 bytes apart are as bad. So rows are
  /// at least a line of 64 bytes away from that.
  package static func readingStride(columns: Int) -> Int {
    switch columns % 512 {
    case let past where past < 16: columns - past + 16
    case let past where past > 496: columns - past + 528
    default: columns
    }
  }

  /// The first rows x columns numbers of a buffer, which must live as long as this view is used.
  package init(_ buffer: FloatBuffer, rows: Int, columns: Int) {
    precondition(rows * columns <= buffer.count, "\(rows) x \(columns) of \(buffer.count) numbers")
    self.init(buffer.pointer, rows: rows, columns: columns)
  }

  /// The address of an entry.
  package func pointer(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> { pointer + row * stride + column }

  /// A range of rows and columns.
  package subscript(rows rows: Range<Int>, columns columns: Range<Int>) -> MutableMatrixView {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= self.rows && columns.lowerBound >= 0
        && columns.upperBound <= self.columns, "rows \(rows) and columns \(columns) of \(self.rows) x \(self.columns)")
    return MutableMatrixView(
      pointer(rows.lowerBound, columns.lowerBound), rows: rows.count, columns: columns.count, stride: stride)
  }
}
