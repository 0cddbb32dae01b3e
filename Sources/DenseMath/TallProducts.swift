import COpenBLAS

/// Sums of xᵀ y over a stream of rows, in Double, for products of matrices as tall as a vocabulary. They do not depend
/// on the number of threads.
struct TallSums {
  private let threads: Threads
  /// The largest side of a result block that is one task. A product packs both its factors: for narrow blocks that
  /// would take as long as the product.
  private static let side = 512

  init(threads: Threads) { self.threads = threads }

  /// out += xᵀ y.
  /// - Parameters:
  ///   - x: [height, p], rows `xStride` apart; `y`: [height, q].
  ///   - out: [p, q]
  func add(
    _ x: UnsafePointer<Double>, _ p: Int, xStride: Int, _ y: UnsafePointer<Double>, _ q: Int, yStride: Int,
    height: Int, to out: UnsafeMutablePointer<Double>
  ) {
    guard height > 0 else { return }
    let (down, across) = (Self.parts(of: p), Self.parts(of: q))
    threads.run(down.count * across.count) { task, _ in
      let (rows, columns) = (down[task / across.count], across[task % across.count])
      cblas_dgemm(
        CblasRowMajor, CblasTrans, CblasNoTrans, blasint(rows.count), blasint(columns.count), blasint(height), 1,
        x + rows.lowerBound, blasint(xStride), y + columns.lowerBound, blasint(yStride), 1,
        out + rows.lowerBound * q + columns.lowerBound, blasint(q))
    }
  }

  /// out += xᵀ x on and above the diagonal; entries below it are undefined until `mirror`.
  /// - Parameters:
  ///   - x: [height, p], rows `stride` apart.
  ///   - out: [p, p]
  func addOwn(
    _ x: UnsafePointer<Double>, _ p: Int, stride: Int, height: Int, to out: UnsafeMutablePointer<Double>
  ) {
    guard height > 0 else { return }
    let parts = Self.parts(of: p)
    // Blocks off the diagonal first: they are twice the work.
    let blocks = parts.indices.flatMap { row in (row + 1..<parts.count).map { (parts[row], parts[$0]) } }
    threads.run(blocks.count + parts.count) { task, _ in
      guard task < blocks.count else {
        let own = parts[task - blocks.count]
        cblas_dsyrk(
          CblasRowMajor, CblasUpper, CblasTrans, blasint(own.count), blasint(height), 1, x + own.lowerBound,
          blasint(stride), 1, out + own.lowerBound * p + own.lowerBound, blasint(p))
        return
      }
      let (rows, columns) = blocks[task]
      cblas_dgemm(
        CblasRowMajor, CblasTrans, CblasNoTrans, blasint(rows.count), blasint(columns.count), blasint(height), 1,
        x + rows.lowerBound, blasint(stride), x + columns.lowerBound, blasint(stride), 1,
        out + rows.lowerBound * p + columns.lowerBound, blasint(p))
    }
  }

  /// Fills in the lower half of a symmetric matrix summed by `addOwn`.
  static func mirror(_ matrix: inout DoubleMatrix) {
    let size = matrix.rows
    matrix.values.withUnsafeMutableBufferPointer { values in
      for row in 0..<size {
        for column in 0..<row { values[row * size + column] = values[column * size + row] }
      }
    }
  }

  /// Nearly equal parts, independent of the number of threads so that the sums are too.
  private static func parts(of count: Int) -> [Range<Int>] {
    Threads((count + side - 1) / side).ranges(of: count, granularity: 8)
  }
}

extension DoubleMatrix {
  /// Rows converted at a time, so that no Double copy is as tall as a vocabulary.
  private static let chunk = 2048

  /// aᵀ b for two tall Float32 matrices with the same number of rows, every product and sum in Double.
  /// - Parameters:
  ///   - a: [n, p]
  ///   - b: [n, q]
  ///   - rows: which rows to use, and those of b that pair with a's; nil for all, in order.
  ///   - weights: a weight per row; nil for 1.
  /// - Returns: [p, q]
  package static func transposedProduct(
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
  ///   - weights: a weight per row, 0 or more; nil for 1.
  /// - Returns: [p, p], symmetric.
  package static func gram(
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

    /// - Parameter row: the matrix row and the factor for each row of the chunk.
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
  /// bᵀ b above its diagonal (dsyrk) and aᵀ b (dgemm) through OpenBLAS's own threads, on Double matrices: the rate that
  /// benchmarks compare with. Not for use beside other products.
  /// - Parameters:
  ///   - a, b: [rows, columns]
  package static func gramAndCrossWithOpenBLASThreads(
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
