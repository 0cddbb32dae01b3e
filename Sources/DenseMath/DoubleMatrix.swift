/// A row-major Float64 matrix of modest size: Gram matrices and the maps between models.
public struct DoubleMatrix: Sendable, Equatable {
  /// How many rows.
  public let rows: Int
  /// How many columns.
  public let columns: Int
  /// rows x columns numbers, row after row.
  public var values: [Double]

  package init(rows: Int, columns: Int, values: [Double]) {
    precondition(
      values.count == rows * columns, "\(rows) x \(columns) needs \(rows * columns) numbers, not \(values.count)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// Zeros.
  package init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
  }

  package static func identity(_ size: Int) -> DoubleMatrix {
    var matrix = DoubleMatrix(rows: size, columns: size)
    for index in 0..<size { matrix[index, index] = 1 }
    return matrix
  }

  /// An entry.
  public subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  package var transposed: DoubleMatrix {
    var result = DoubleMatrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  /// A range of rows.
  package func rows(_ range: Range<Int>) -> DoubleMatrix {
    DoubleMatrix(
      rows: range.count, columns: columns,
      values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }

  /// A range of columns.
  package func columns(_ range: Range<Int>) -> DoubleMatrix {
    var result = DoubleMatrix(rows: rows, columns: range.count)
    for row in 0..<rows {
      for (place, column) in range.enumerated() { result[row, place] = self[row, column] }
    }
    return result
  }

  /// The Frobenius inner product, Σ a b over all entries.
  package func inner(_ other: DoubleMatrix) -> Double {
    precondition(
      rows == other.rows && columns == other.columns, "\(rows) x \(columns) and \(other.rows) x \(other.columns)")
    return zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// √(Σ a²) over all entries.
  package var frobeniusNorm: Double {
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return largest }
    return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
  }

  package static func * (scale: Double, matrix: DoubleMatrix) -> DoubleMatrix {
    DoubleMatrix(rows: matrix.rows, columns: matrix.columns, values: matrix.values.map { scale * $0 })
  }

  /// The matrix product.
  package static func * (left: DoubleMatrix, right: DoubleMatrix) -> DoubleMatrix {
    precondition(left.columns == right.rows, "\(left.rows) x \(left.columns) times \(right.rows) x \(right.columns)")
    return product(steps: right.rows, left.rows, right.columns) { a, b in
      left.values.withUnsafeBufferPointer { numbers in
        for row in 0..<left.rows { a.setLine(row, steps: left.columns) { numbers[row * left.columns + $0] } }
      }
      right.pack(into: b)
    }
  }

  /// aᵀ b of two matrices with the same number of rows.
  package static func transposedProduct(_ a: DoubleMatrix, _ b: DoubleMatrix) -> DoubleMatrix {
    precondition(a.rows == b.rows, "the two matrices have \(a.rows) and \(b.rows) rows")
    return product(steps: a.rows, a.columns, b.columns) { left, right in
      a.pack(into: left)
      b.pack(into: right)
    }
  }

  /// The product of the factors that `pack` fills, on the calling thread.
  private static func product(
    steps: Int, _ rows: Int, _ columns: Int, _ pack: (DoublePanels, DoublePanels) -> Void
  ) -> DoubleMatrix {
    let a = DoublePanels(.left, lines: rows, capacity: steps)
    let b = DoublePanels(.right, lines: columns, capacity: steps)
    pack(a, b)
    var result = DoubleMatrix(rows: rows, columns: columns)
    result.values.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      DoublePanels.multiply(a, b, steps: steps, into: out, adding: false, threads: Threads(1))
    }
    return result
  }

  /// Each row becomes a step.
  private func pack(into panels: DoublePanels) {
    values.withUnsafeBufferPointer { numbers in
      for row in 0..<rows { panels.setStep(row) { numbers[row * columns + $0] } }
    }
  }

  /// The matrix rounded to Float32.
  package var tensor: Tensor { Tensor(shape: [rows, columns], values.map { Float($0) }) }
}

extension DoubleMatrix {
  /// a b for a tall Float32 matrix, every product and sum in Double. Equal rows of a give equal bits, at any position and
  /// with any number of threads.
  /// - Parameters:
  ///   - a: [n, p]
  ///   - b: [p, q]
  /// - Returns: [n, q]
  package static func product(_ a: Tensor, _ b: DoubleMatrix, threads: Threads) -> DoubleMatrix {
    precondition(a.columns == b.rows, "\(a.rows) x \(a.columns) times \(b.rows) x \(b.columns)")
    let (n, p, q) = (a.rows, a.columns, b.columns)
    let right = DoublePanels(.right, lines: q, capacity: p)
    b.pack(into: right)
    var result = DoubleMatrix(rows: n, columns: q)
    result.values.withUnsafeMutableBufferPointer { out in
      nonisolated(unsafe) let out = out
      threads.run((n + chunk - 1) / chunk) { task, _ in
        let first = task * chunk
        let left = DoublePanels(.left, lines: min(chunk, n - first), capacity: p)
        for row in 0..<left.lines {
          let from = a.pointer + (first + row) * p
          left.setLine(row, steps: p) { Double(from[$0]) }
        }
        guard let out = out.baseAddress else { return }
        DoublePanels.multiply(left, right, steps: p, into: out + first * q, adding: false, threads: Threads(1))
      }
    }
    return result
  }

  /// Rows that one task converts.
  private static let chunk = 256
}
