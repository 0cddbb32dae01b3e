import COpenBLAS
import CVectorMath

/// Products of Float32 matrices.
package enum Product {
  /// Columns of c computed at a time, and the part of k: that part of b stays in a core's second-level cache for all
  /// rows of a.
  static let groupColumns = 128
  private static let groupRows = 384

  /// c = a b, or c + a b when `adding`. Each thread computes blocks of c and calls `finish(rows, columns)` after each
  /// one, while the block is in its cache. An element's bits do not depend on other rows and columns, nor on the
  /// threads.
  /// - Parameters:
  ///   - a: [m, k]; a transposed one, as in the gradient of a weight, is copied row-major, a part of k at a time.
  ///   - b: [k, n]
  ///   - c: [m, n]
  ///   - rounding: for products of numbers rounded to bfloat16, with sums in Float32: memory for a's, `RoundedRows.size`
  ///     numbers; nil for Float32. Not for a transposed a, nor when `adding`.
  ///   - kept: the columns of b in a factor that is kept packed; nil where there is none. Not for a transposed a.
  package static func multiply(
    _ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, adding: Bool = false, rounding: FloatBuffer? = nil,
    kept: KeptColumns? = nil, threads: Threads,
    finish: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void = { _, _ in }
  ) {
    checkFit(a, b, c)
    let (m, n, k) = (a.rows, b.columns, b.rows)
    guard m > 0, n > 0 else { return }
    if let rounding {
      precondition(!adding && !a.isTransposed, "a rounded product of a transposed factor, or added to another")
      return multiplyRounded(a, b, into: c, memory: rounding, kept: kept, threads: threads, finish: finish)
    }
    let parts = Self.parts(of: k)
    let longest = parts.reduce(0) { max($0, $1.count) }
    if a.isTransposed {
      let turned = FloatBuffer(uninitializedCount: m * longest)
      for (depth, part) in parts.enumerated() {
        turn(a[columns: part], into: turned.pointer, threads: threads)
        multiply(
          MatrixView(turned.pointer, rows: m, columns: part.count), b[rows: part], into: c,
          adding: adding || depth > 0, threads: threads
        ) { rows, columns in if depth == parts.count - 1 { finish(rows, columns) } }
      }
      return
    }
    let blocks = kept?.blocks(.float32, threads: threads)
    if blocks == nil, m <= mostRowsInPlace(b) {
      return runGroups(m, n, threads: threads) { rows, columns, _ in
        for (depth, part) in parts.enumerated() {
          multiplyInPlace(
            a[rows: rows, columns: part], b[rows: part, columns: columns], into: c[rows: rows, columns: columns],
            adding: adding || depth > 0)
        }
        finish(rows, columns)
      }
    }
    let size = blocks == nil ? PackedFactor.size(rows: longest, columns: min(groupColumns, n)) : 0
    let memory = FloatBuffer(uninitializedCount: size * threads.count)
    runGroups(m, n, threads: threads) { rows, columns, worker in
      for (depth, part) in parts.enumerated() {
        let factor =
          blocks?.float32(depth, columns)
          ?? PackedFactor(b[rows: part, columns: columns], memory: memory.pointer + worker * size)
        factor.multiply(
          a[rows: rows, columns: part], adding: adding || depth > 0, into: c[rows: rows, columns: columns],
          soon: blocks?.next(after: depth, columns, rows: m, threads: threads))
      }
      finish(rows, columns)
    }
  }

  /// The parts of k, at least one.
  static func parts(of k: Int) -> [Range<Int>] {
    let count = max(1, (k + groupRows - 1) / groupRows)
    return (0..<count).map { k * $0 / count..<k * ($0 + 1) / count }
  }

  /// How many rows of a are multiplied with b as it lies: so few that packing b takes longer than multiplying with a copy
  /// saves. Measured; a transposed b has to be turned for every block of rows.
  private static func mostRowsInPlace(_ b: MatrixView) -> Int {
    let block = cvm_panel_height()
    return b.isTransposed ? block : 4 * block
  }

  private static func multiplyInPlace(_ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, adding: Bool) {
    let blocks = (a.rows + cvm_panel_height() - 1) / cvm_panel_height()
    for block in 0..<blocks {
      let rows = a.rows * block / blocks..<a.rows * (block + 1) / blocks
      cvm_multiply_few(
        c.pointer(rows.lowerBound, 0), c.stride, a[rows: rows].pointer, a.stride, b.pointer, b.stride,
        b.isTransposed ? 1 : 0, rows.count, b.columns, b.rows, adding ? 1 : 0)
    }
  }

  private static func multiplyRounded(
    _ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, memory: FloatBuffer, kept: KeptColumns?,
    threads: Threads, finish: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    let (m, n, k) = (a.rows, b.columns, b.rows)
    let rounded = RoundedRows(columns: k, memory: memory.pointer)
    precondition(
      memory.count >= RoundedRows.size(rows: m, columns: k),
      "\(memory.count) numbers for \(m) rows of \(rounded.pairs) pairs")
    threads.runRows(m) { rounded.set($0, a.pointer + $0 * a.stride, count: k) }
    let parts = Self.parts(of: rounded.pairs)
    let longest = parts.reduce(0) { max($0, $1.count) }
    let blocks = kept?.blocks(.bfloat16, threads: threads)
    let size = blocks == nil ? RoundedFactor.size(rows: 2 * longest, columns: min(groupColumns, n)) : 0
    let memory = FloatBuffer(uninitializedCount: size * threads.count)
    runGroups(m, n, threads: threads) { rows, columns, worker in
      for (depth, part) in parts.enumerated() {
        let factor =
          blocks?.bfloat16(depth, columns)
          ?? RoundedFactor(
            b[rows: 2 * part.lowerBound..<min(k, 2 * part.upperBound), columns: columns],
            memory: memory.pointer + worker * size)
        factor.multiply(
          rounded, rows: rows, from: part.lowerBound, adding: depth > 0, into: c[rows: rows, columns: columns],
          soon: blocks?.next(after: depth, columns, rows: m, threads: threads))
      }
      finish(rows, columns)
    }
  }

  /// Blocks of c. Each group of columns is packed once, by the thread that computes it; too few groups are split by rows
  /// as well.
  private static func runGroups(
    _ m: Int, _ n: Int, threads: Threads, _ body: (_ rows: Range<Int>, _ columns: Range<Int>, _ worker: Int) -> Void
  ) {
    let groups = (n + groupColumns - 1) / groupColumns
    let bands = max(1, min((2 * threads.count - 1) / groups + 1, m / 64))
    threads.run(groups * bands) { task, worker in
      let (group, band) = (task / bands, task % bands)
      body(
        m * band / bands..<m * (band + 1) / bands, group * groupColumns..<min(n, (group + 1) * groupColumns), worker)
    }
  }

  /// A row-major copy of a transposed matrix.
  private static func turn(_ a: MatrixView, into turned: UnsafeMutablePointer<Float>, threads: Threads) {
    let parts = threads.ranges(of: a.rows, granularity: 16)
    threads.run(parts.count) { part, _ in
      let rows = parts[part]
      VectorMath.transpose(
        a[rows: rows].pointer, stride: a.stride, rows: a.columns, columns: rows.count,
        into: turned + rows.lowerBound * a.columns, stride: a.columns)
    }
  }

  /// c = a b through OpenBLAS's own threads: the rate that benchmarks compare with. Not for use beside other products.
  package static func multiplyWithOpenBLAS(
    _ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, threads: Threads
  ) {
    checkFit(a, b, c)
    openblas_set_num_threads(Int32(threads.count))
    defer { openblas_set_num_threads(1) }
    func order(_ view: MatrixView) -> CBLAS_TRANSPOSE { view.isTransposed ? CblasTrans : CblasNoTrans }
    cblas_sgemm(
      CblasRowMajor, order(a), order(b), blasint(c.rows), blasint(c.columns), blasint(b.rows), 1, a.pointer,
      blasint(a.stride), b.pointer, blasint(b.stride), 0, c.pointer, blasint(c.stride))
  }

  private static func checkFit(_ a: MatrixView, _ b: MatrixView, _ c: MutableMatrixView) {
    precondition(
      a.columns == b.rows && a.rows == c.rows && b.columns == c.columns,
      "\(a.rows) x \(a.columns) times \(b.rows) x \(b.columns) into \(c.rows) x \(c.columns)")
  }
}
