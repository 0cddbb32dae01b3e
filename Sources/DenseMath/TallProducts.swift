import COpenBLAS

/// Sums of xᵀ y over rows that stream by, in Double: what products of matrices as tall as a vocabulary are made of. The sums
/// do not depend on the number of threads.
struct TallSums {
  private let threads: Threads
  /// Columns of a result that are one task's.
  private static let strip = 128

  init(threads: Threads) { self.threads = threads }

  /// out += xᵀ y.
  /// - Parameters:
  ///   - x: [height, p], rows `xStride` apart; `y`: [height, q].
  ///   - out: [p, q]
  func add(
    _ x: UnsafePointer<Double>, _ p: Int, xStride: Int, _ y: UnsafePointer<Double>, _ q: Int, yStride: Int,
    height: Int, to out: UnsafeMutablePointer<Double>
  ) {
    strips(q) { columns in
      product(
        x, p, xStride, y + columns.lowerBound, columns.count, yStride, height, out + columns.lowerBound, stride: q)
    }
  }

  /// out += xᵀ x on and above the diagonal; what stands below it is of no meaning until `mirror`.
  /// - Parameters:
  ///   - x: [height, p], rows `stride` apart.
  ///   - out: [p, p]
  func addOwn(
    _ x: UnsafePointer<Double>, _ p: Int, stride: Int, height: Int, to out: UnsafeMutablePointer<Double>
  ) {
    strips(p) { columns in
      product(
        x, columns.upperBound, stride, x + columns.lowerBound, columns.count, stride, height,
        out + columns.lowerBound, stride: p)
    }
  }

  /// Makes a matrix symmetric that was summed by `addOwn`.
  static func mirror(_ matrix: inout DoubleMatrix) {
    let size = matrix.rows
    matrix.values.withUnsafeMutableBufferPointer { values in
      for row in 0..<size {
        for column in 0..<row { values[row * size + column] = values[column * size + row] }
      }
    }
  }

  /// The last strips first: above a diagonal they have the most to do.
  private func strips(_ columns: Int, _ body: (Range<Int>) -> Void) {
    let count = (columns + Self.strip - 1) / Self.strip
    threads.run(count) { task, _ in
      let first = (count - 1 - task) * Self.strip
      body(first..<min(columns, first + Self.strip))
    }
  }

  private func product(
    _ x: UnsafePointer<Double>, _ p: Int, _ xStride: Int, _ y: UnsafePointer<Double>, _ q: Int, _ yStride: Int,
    _ height: Int, _ out: UnsafeMutablePointer<Double>, stride: Int
  ) {
    guard p > 0, q > 0, height > 0 else { return }
    cblas_dgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, blasint(p), blasint(q), blasint(height), 1, x, blasint(xStride), y,
      blasint(yStride), 1, out, blasint(stride))
  }
}

extension DoubleMatrix {
  /// Rows converted at a time, so that nothing of the height of a vocabulary is held in Double.
  private static let chunk = 2048

  /// aᵀ b for two tall Float32 matrices with the same number of rows, every product and sum in Double.
  /// - Parameters:
  ///   - a: [n, p]
  ///   - b: [n, q]
  ///   - rows: which rows to use, and of b in which order against a's; nil for all, in order.
  ///   - weights: what each of these rows counts; nil for 1.
  /// - Returns: [p, q]
  public static func transposedProduct(
    _ a: Tensor, _ b: Tensor, rows: [(a: Int, b: Int)]? = nil, weights: [Double]? = nil, threads: Threads
  ) -> DoubleMatrix {
    precondition(rows != nil || a.rows == b.rows, "the two matrices have \(a.rows) and \(b.rows) rows")
    let count = rows?.count ?? a.rows
    precondition(weights == nil || weights?.count == count, "\(weights?.count ?? 0) weights for \(count) rows")
    let (p, q) = (a.columns, b.columns)
    let (left, right) = (Chunk(a, chunk), Chunk(b, chunk))
    var result = DoubleMatrix(rows: p, columns: q)
    result.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      for start in stride(from: 0, to: count, by: chunk) {
        let height = min(chunk, count - start)
        left.fill(height, threads) { (rows?[start + $0].a ?? start + $0, weights?[start + $0] ?? 1) }
        right.fill(height, threads) { (rows?[start + $0].b ?? start + $0, 1) }
        TallSums(threads: threads).add(
          left.values, p, xStride: p, right.values, q, yStride: q, height: height, to: out)
      }
    }
    return result
  }

  /// aᵀ a for a tall Float32 matrix, every product and sum in Double: half the products of `transposedProduct`.
  /// - Parameters:
  ///   - a: [n, p]
  ///   - rows: which rows to use; nil for all.
  ///   - weights: what each of these rows counts, 0 or more; nil for 1.
  /// - Returns: [p, p], symmetric.
  public static func gram(
    _ a: Tensor, rows: [Int]? = nil, weights: [Double]? = nil, threads: Threads
  ) -> DoubleMatrix {
    let count = rows?.count ?? a.rows
    precondition(weights == nil || weights?.count == count, "\(weights?.count ?? 0) weights for \(count) rows")
    let p = a.columns
    let rowsInDouble = Chunk(a, chunk)
    var result = DoubleMatrix(rows: p, columns: p)
    result.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      for start in stride(from: 0, to: count, by: chunk) {
        let height = min(chunk, count - start)
        rowsInDouble.fill(height, threads) {
          (rows?[start + $0] ?? start + $0, weights?[start + $0].squareRoot() ?? 1)
        }
        TallSums(threads: threads).addOwn(rowsInDouble.values, p, stride: p, height: height, to: out)
      }
    }
    TallSums.mirror(&result)
    return result
  }

  /// Some rows of a Float32 matrix in Double.
  private final class Chunk {
    let values: UnsafeMutablePointer<Double>
    private let tensor: Tensor

    init(_ tensor: Tensor, _ height: Int) {
      self.tensor = tensor
      values = .allocate(capacity: max(1, height * tensor.columns))
    }

    deinit { values.deallocate() }

    /// - Parameter row: which row of the matrix becomes the given one, and its factor.
    func fill(_ height: Int, _ threads: Threads, _ row: (Int) -> (place: Int, weight: Double)) {
      let width = tensor.columns
      threads.runRows(height) { index in
        let (place, weight) = row(index)
        let (from, to) = (tensor.pointer + place * width, values + index * width)
        for column in 0..<width { to[column] = weight * Double(from[column]) }
      }
    }
  }
}

extension DoubleMatrix {
  /// bᵀ b above its diagonal (dsyrk) and aᵀ b (dgemm) through OpenBLAS's own threads, on matrices that are in Double already:
  /// the rate that benchmarks compare with. Not for use beside other products.
  /// - Parameters:
  ///   - a, b: [rows, columns]
  public static func gramAndCrossWithOpenBLASThreads(
    _ threads: Threads, _ a: [Double], _ b: [Double], rows: Int, columns: Int
  ) {
    var (gram, cross) = (DoubleMatrix(rows: columns, columns: columns), DoubleMatrix(rows: columns, columns: columns))
    let (n, width) = (blasint(rows), blasint(columns))
    openblas_set_num_threads(Int32(threads.count))
    defer { openblas_set_num_threads(1) }
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, width, n, 1, b, width, 0, &gram.values, width)
    cblas_dgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, width, width, n, 1, a, width, b, width, 0, &cross.values, width)
  }
}
