import COpenBLAS

extension DoubleMatrix {
  /// Rows converted at a time, so that no Double copy is as tall as a vocabulary.
  private static let chunk = 1024

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
    return sums(
      a, b, count: rows?.count ?? a.rows, rows: { rows?[$0] ?? ($0, $0) }, weights: weights, isSymmetric: false,
      threads: threads)
  }

  /// aᵀ a for a tall Float32 matrix, every product and sum in Double: half the products of `transposedProduct`.
  /// - Parameters:
  ///   - a: [n, p]
  ///   - rows: which rows to use; nil for all.
  ///   - weights: a weight per row; nil for 1.
  /// - Returns: [p, p], symmetric.
  package static func gram(
    _ a: Tensor, rows: [Int]? = nil, weights: [Double]? = nil, threads: Threads
  ) -> DoubleMatrix {
    var result = sums(
      a, a, count: rows?.count ?? a.rows, rows: { place in rows.map { ($0[place], $0[place]) } ?? (place, place) },
      weights: weights, isSymmetric: true, threads: threads)
    result.mirror()
    return result
  }

  /// Σ weight aᵀ b over pairs of rows.
  private static func sums(
    _ a: Tensor, _ b: Tensor, count: Int, rows: (Int) -> (a: Int, b: Int), weights: [Double]?, isSymmetric: Bool,
    threads: Threads
  ) -> DoubleMatrix {
    precondition(weights == nil || weights?.count == count, "\(weights?.count ?? 0) weights for \(count) rows")
    let (p, q) = (a.columns, b.columns)
    let height = min(chunk, count)
    let left = DoublePanels(.left, lines: p, capacity: height)
    let right = DoublePanels(.right, lines: q, capacity: height)
    var result = DoubleMatrix(rows: p, columns: q)
    result.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      for start in stride(from: 0, to: count, by: chunk) {
        let steps = min(chunk, count - start)
        threads.runRows(steps) { step in
          let (place, weight) = (rows(start + step), weights?[start + step] ?? 1)
          let (x, y) = (a.pointer + place.a * p, b.pointer + place.b * q)
          left.setStep(step) { weight * Double(x[$0]) }
          right.setStep(step) { Double(y[$0]) }
        }
        DoublePanels.multiply(
          left, right, steps: steps, into: out, adding: true, isSymmetric: isSymmetric, threads: threads)
      }
    }
    return result
  }

  /// Fills in the lower half of a symmetric matrix.
  mutating func mirror() {
    let size = rows
    values.withUnsafeMutableBufferPointer { values in
      for row in 0..<size {
        for column in 0..<row { values[row * size + column] = values[column * size + row] }
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
