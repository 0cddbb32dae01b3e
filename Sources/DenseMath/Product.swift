import COpenBLAS

/// Matrix products on row-major Float32 memory, through OpenBLAS.
public enum Product {
  /// c = alpha a b + beta c on the calling thread.
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
      a,
      blasint(aStride), b, blasint(bStride), beta, c, blasint(cStride))
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

  /// c = a b on several threads, each making one block of c and then calling `finish(rows, columns)` for it.
  ///
  /// The longer side of c is cut: each thread packs its share of one factor and all of the other, and the sum of the two
  /// is smallest then.
  public static func multiply(
    threads: Threads, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
    bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Float>, cStride: Int,
    finish: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    let cutsRows = m >= n
    let blocks = threads.ranges(of: cutsRows ? m : n, granularity: 16)
    threads.run(blocks.count) { index, _ in
      let rows = cutsRows ? blocks[index] : 0..<m
      let columns = cutsRows ? 0..<n : blocks[index]
      multiply(
        m: rows.count, n: columns.count, k: k, a: a + rows.lowerBound * aStride, aStride: aStride,
        b: b + columns.lowerBound * (bTransposed ? bStride : 1), bStride: bStride, bTransposed: bTransposed,
        c: c + rows.lowerBound * cStride + columns.lowerBound, cStride: cStride)
      finish(rows, columns)
    }
  }
}
