import COpenBLAS

/// Matrix products on row-major Float32 memory.
public enum Product {
  /// Columns of c made at a time, and how many of k: that part of b stays in a core's second-level cache while all rows
  /// of a pass by it.
  private static let groupColumns = 128
  private static let groupRows = 384

  /// c = alpha a b + beta c on the calling thread, through OpenBLAS.
  /// - Parameters:
  ///   - m, n, k: c is [m, n], a is [m, k], b is [k, n].
  ///   - a: rows of `aStride` numbers; b: rows of `bStride`, or, when `bTransposed`, b is stored [n, k].
  ///   - c: rows of `cStride` numbers.
  public static func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
    bStride: Int, bTransposed: Bool, beta: Float = 0, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    guard m > 0, n > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), alpha,
      a, blasint(aStride), b, blasint(bStride), beta, c, blasint(cStride))
  }

  /// c = a b through OpenBLAS's own threads: the rate that benchmarks compare with. Not for use beside other products.
  public static func multiplyWithOpenBLASThreads(
    _ threads: Threads, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>
  ) {
    openblas_set_num_threads(Int32(threads.count))
    defer { openblas_set_num_threads(1) }
    multiply(m: m, n: n, k: k, a: a, aStride: k, b: b, bStride: n, bTransposed: false, c: c, cStride: n)
  }

  /// c = a b, or c + a b when `adding`, on several threads, each making blocks of c and calling `finish(rows, columns)`
  /// after each one, while the block is in its cache.
  ///
  /// An element's bits do not depend on m, n, or the number of threads.
  public static func multiply(
    threads: Threads, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
    bStride: Int, bTransposed: Bool, adding: Bool = false, c: UnsafeMutablePointer<Float>, cStride: Int,
    finish: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    guard m > 0, n > 0 else { return }
    // Each group of columns is packed once, by the thread that makes it. Too few groups are cut by rows as well.
    let groups = (n + groupColumns - 1) / groupColumns
    let bands = max(1, min((2 * threads.count - 1) / groups + 1, m / 64))
    let depths = max(1, (k + groupRows - 1) / groupRows)
    let size = PackedFactor.size(rows: (k + depths - 1) / depths, columns: min(groupColumns, n))
    let memory = FloatBuffer(uninitializedCount: size * threads.count)
    threads.run(groups * bands) { task, worker in
      let (group, band) = (task / bands, task % bands)
      let columns = group * groupColumns..<min(n, (group + 1) * groupColumns)
      let rows = m * band / bands..<m * (band + 1) / bands
      for depth in 0..<depths {
        let part = k * depth / depths..<k * (depth + 1) / depths
        let factor = PackedFactor(
          b
            + (bTransposed
              ? columns.lowerBound * bStride + part.lowerBound : part.lowerBound * bStride + columns.lowerBound),
          stride: bStride, transposed: bTransposed, rows: part.count, columns: columns.count,
          memory: memory.pointer + worker * size)
        factor.multiply(
          a + rows.lowerBound * aStride + part.lowerBound, stride: aStride, m: rows.count, adding: adding || depth > 0,
          into: c + rows.lowerBound * cStride + columns.lowerBound, stride: cStride)
      }
      finish(rows, columns)
    }
  }

  /// c += aᵀ b on several threads: the sum over rows that makes the gradient of a weight.
  ///
  /// An element's bits do not depend on m, n, or the number of threads.
  /// - Parameters:
  ///   - a: [k, m]; b: [k, n]; c: [m, n].
  public static func addTransposedProduct(
    threads: Threads, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
    bStride: Int, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    // As many of k at a time as a product makes in one go: what is turned stays in the cache until it is read.
    let depths = max(1, (k + groupRows - 1) / groupRows)
    let turned = FloatBuffer(uninitializedCount: m * ((k + depths - 1) / depths))
    let parts = threads.ranges(of: m, granularity: 16)
    for depth in 0..<depths {
      let rows = k * depth / depths..<k * (depth + 1) / depths
      threads.run(parts.count) { part, _ in
        let columns = parts[part]
        VectorMath.transpose(
          a + rows.lowerBound * aStride + columns.lowerBound, stride: aStride, rows: rows.count, columns: columns.count,
          into: turned.pointer + columns.lowerBound * rows.count, stride: rows.count)
      }  // [m, rows]
      multiply(
        threads: threads, m: m, n: n, k: rows.count, a: turned.pointer, aStride: rows.count,
        b: b + rows.lowerBound * bStride, bStride: bStride, bTransposed: false, adding: true, c: c, cStride: cStride
      ) { _, _ in }
    }
  }
}
