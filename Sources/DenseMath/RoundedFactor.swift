import CVectorMath

/// The right factor of products in bfloat16, [k, n], rounded and rearranged as `PackedFactor` rearranges Float32 numbers.
package struct RoundedFactor {
  private let memory: UnsafeMutablePointer<UInt32>
  private let pairs: Int
  private let columns: Int
  private let panelWidth: Int

  /// How many numbers of memory a factor needs.
  package static func size(rows: Int, columns: Int) -> Int {
    PackedFactor.size(rows: RoundedRows.pairs(rows), columns: columns)
  }

  /// - Parameter memory: `size(rows:columns:)` numbers, best aligned to 64 bytes; used as long as the factor is.
  package init(_ b: MatrixView, memory: UnsafeMutablePointer<Float>) {
    self.memory = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt32.self)
    (pairs, columns, panelWidth) = (RoundedRows.pairs(b.rows), b.columns, cvm_panel_width())
    let pack = b.isTransposed ? cvm_pack_bf16_panels_transposed : cvm_pack_bf16_panels
    pack(self.memory, panelWidth * pairs, b.pointer, b.stride, columns, b.rows)
  }

  /// A factor that was packed before.
  init(packed memory: UnsafeMutablePointer<Float>, pairs: Int, columns: Int, panelWidth: Int) {
    self.memory = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt32.self)
    (self.pairs, self.columns, self.panelWidth) = (pairs, columns, panelWidth)
  }

  /// c = a b, or c + a b when `adding`, on the calling thread. A shorter a uses only that many rows of the factor; a
  /// narrower c gets only that many columns.
  /// - Parameters:
  ///   - rows: the rows of a to multiply with.
  ///   - first: the pair of a that the factor's first rows belong to.
  ///   - soon: memory that is read after this product, which is brought into the cache meanwhile.
  package func multiply(
    _ a: RoundedRows, rows: Range<Int>, from first: Int = 0, adding: Bool = false, into c: MutableMatrixView,
    soon: UnsafeBufferPointer<Float>? = nil
  ) {
    precondition(
      rows.count == c.rows && first <= a.pairs && c.columns <= columns,
      "\(rows.count) rows of \(a.pairs) pairs times a factor of \(pairs) x \(columns) into \(c.rows) x \(c.columns)")
    precondition(panelWidth == cvm_panel_width(), "packed on another instruction set")
    cvm_multiply_bf16_panels(
      c.pointer, c.stride, a.memory + rows.lowerBound * a.stride + first, a.stride, memory, panelWidth * pairs, c.rows,
      c.columns, min(pairs, a.pairs - first), adding ? 1 : 0,
      UnsafeRawPointer(soon?.baseAddress)?.assumingMemoryBound(to: UInt32.self), soon?.count ?? 0)
  }
}

/// The left factor of such products: rows rounded to bfloat16, two numbers in the place of one.
package struct RoundedRows {
  fileprivate let memory: UnsafeMutablePointer<UInt32>
  /// Of each row.
  package let pairs: Int
  /// Pairs from one row to the next.
  fileprivate let stride: Int

  /// Pairs that `count` numbers take: a missing last one is 0.
  package static func pairs(_ count: Int) -> Int { (count + 1) / 2 }

  /// How many numbers of memory rows of `columns` numbers need.
  package static func size(rows: Int, columns: Int) -> Int {
    rows * MutableMatrixView.readingStride(columns: pairs(columns))
  }

  /// - Parameters:
  ///   - columns: numbers per row.
  ///   - memory: `size(rows:columns:)` numbers.
  package init(columns: Int, memory: UnsafeMutablePointer<Float>) {
    pairs = Self.pairs(columns)
    stride = MutableMatrixView.readingStride(columns: pairs)
    self.memory = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt32.self)
  }

  /// Rounds a row; what it lacks of its columns becomes 0.
  package func set(_ row: Int, _ numbers: UnsafePointer<Float>, count: Int) {
    let to = UnsafeMutableRawPointer(memory + row * stride).assumingMemoryBound(to: UInt16.self)
    cvm_round_bf16(to, numbers, count)
    (to + count).update(repeating: 0, count: 2 * pairs - count)
  }
}
