import DenseMath

/// The column spaces of the first 1, 2, ... rows of a matrix: for a causal model those of the values that each row
/// sees.
///
/// One singular value decomposition per row would cost the square of the text times the square of the head. Instead the
/// QR decomposition of the rows so far grows by one row at a time (Givens rotations: Golub and Van Loan, "Matrix
/// Computations", section 6.5.3), in time proportional to the text. It gives a basis, but no rank; so a row's rank is
/// taken from it only where a bound on the singular values proves it, and from a decomposition of its own everywhere
/// else.
///
/// The bound: with the leading triangle B of R, σ_min ≥ 1 / ‖B⁻¹‖_F, and no singular value shrinks when a row is added;
/// σ_max ≤ ‖Z‖_F. Dimensions that the whole matrix lacks (to tolerance) are left out first; that they are below the
/// tolerance in the first rows as well is proved by σ_max of these rows being at least the longest row.
struct CausalColumnSpaces {
  /// [rows, r]
  private let matrix: DoubleMatrix
  private let tolerance: Double
  /// The matrix in its own right singular vectors, those above the tolerance: [rows, ρ].
  private let reduced: DoubleMatrix
  /// The largest singular value left out.
  private let dropped: Double
  /// The factor by which a bound must hold, far above its own rounding.
  private static let margin = 2.0

  /// - Parameter whole: the column space of the matrix.
  init(_ matrix: DoubleMatrix, whole: ColumnSpace, tolerance: Double) {
    self.matrix = matrix
    self.tolerance = tolerance
    reduced = matrix * whole.right.columns(0..<whole.rank)
    dropped = whole.rank < whole.values.count ? whole.values[whole.rank] : 0
  }

  /// Each row i of `weights` ([rows, rows], 0 after its own position) projected onto the column space of rows 0...i.
  /// - Returns: the projections, the rank of rows 0...i for each i, and for how many rows it took a decomposition.
  /// - Throws: `LinearAlgebraError`.
  func project(_ weights: DoubleMatrix) throws -> (projected: DoubleMatrix, ranks: [Int], decomposed: Int) {
    let (rows, width) = (reduced.rows, reduced.columns)
    var projected = DoubleMatrix(rows: rows, columns: rows)
    var ranks = [Int](repeating: 0, count: rows)
    var decomposed = 0
    var factors = GrowingQR(rows: rows, columns: width)
    var (longest, squares, smallest, size) = (0.0, 0.0, 0.0, 0)
    for row in 0..<rows {
      let line = matrix.values[row * matrix.columns..<(row + 1) * matrix.columns]
      let square = line.reduce(0) { $0 + $1 * $1 }
      (longest, squares) = (max(longest, square.squareRoot()), squares + square)
      factors.append(reduced.values, row: row)
      let needed = Self.margin * tolerance * squares.squareRoot()
      let reachable = min(row + 1, width)
      if reachable > size || smallest <= needed {
        (size, smallest) = (reachable, factors.lowerBoundOfSingularValues(reachable))
      }
      let isProved = (smallest > needed || reachable == 0) && Self.margin * dropped <= tolerance * longest
      if isProved {
        ranks[row] = reachable
        if reachable == row + 1 {  // Nothing is lost where every row counts.
          for column in 0...row { projected[row, column] = weights[row, column] }
        } else {
          factors.project(weights.values, row: row, into: &projected.values)
        }
      } else {
        let space = try ColumnSpace(matrix.rows(0..<row + 1), tolerance: tolerance)
        let part = DoubleMatrix(
          rows: 1, columns: row + 1, values: Array(weights.values[row * rows..<row * rows + row + 1]))
        let result = space.project(part)
        for column in 0...row { projected[row, column] = result[0, column] }
        ranks[row] = space.rank
        decomposed += 1
      }
    }
    return (projected, ranks, decomposed)
  }
}

/// Q R = the rows so far, Q with orthonormal columns.
private struct GrowingQR {
  private let rows: Int
  private let columns: Int
  /// Column after column, `rows` numbers each; 0 except in the rows so far.
  private var q: [Double]
  /// [columns, columns], upper triangle.
  private var r: [Double]
  private var extra: [Double]
  private var line: [Double]

  init(rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    q = [Double](repeating: 0, count: rows * columns)
    r = [Double](repeating: 0, count: columns * columns)
    extra = [Double](repeating: 0, count: rows)
    line = [Double](repeating: 0, count: columns)
  }

  /// Adds row `row` of a [rows, columns] matrix; rows come in order.
  mutating func append(_ matrix: [Double], row: Int) {
    let (rows, columns) = (rows, columns)
    for column in 0..<columns { line[column] = matrix[row * columns + column] }
    for place in 0..<row { extra[place] = 0 }
    extra[row] = 1
    line.withUnsafeMutableBufferPointer { line in
      extra.withUnsafeMutableBufferPointer { extra in
        q.withUnsafeMutableBufferPointer { q in
          r.withUnsafeMutableBufferPointer { r in
            guard let line = line.baseAddress, let extra = extra.baseAddress, let q = q.baseAddress,
              let r = r.baseAddress
            else { return }
            for pivot in 0..<columns where line[pivot] != 0 {
              let (old, new) = (r[pivot * columns + pivot], line[pivot])
              let length = (old * old + new * new).squareRoot()
              guard length > 0 else { continue }
              let (cosine, sine) = (old / length, new / length)
              Self.rotate(r + pivot * columns + pivot, line + pivot, columns - pivot, cosine, sine)
              Self.rotate(q + pivot * rows, extra, row + 1, cosine, sine)
            }
          }
        }
      }
    }
  }

  /// (x, y) = (c x + s y, c y - s x)
  private static func rotate(
    _ x: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int, _ cosine: Double,
    _ sine: Double
  ) {
    for index in 0..<count {
      let (first, second) = (x[index], y[index])
      x[index] = cosine * first + sine * second
      y[index] = cosine * second - sine * first
    }
  }

  /// 1 / ‖B⁻¹‖_F of the leading triangle of `size`: a lower bound of the first `size` singular values.
  func lowerBoundOfSingularValues(_ size: Int) -> Double {
    var inverse = [Double](repeating: 0, count: size * size)
    var squares = 0.0
    for column in 0..<size {
      for row in stride(from: column, through: 0, by: -1) {
        let pivot = r[row * columns + row]
        guard pivot != 0 else { return 0 }
        var sum = row == column ? 1.0 : 0
        for between in row + 1..<max(column, row) + 1 {
          sum -= r[row * columns + between] * inverse[between * size + column]
        }
        let value = sum / pivot
        inverse[row * size + column] = value
        squares += value * value
      }
    }
    return squares.isFinite && squares > 0 ? 1 / squares.squareRoot() : 0
  }

  /// Row `row` of `weights` ([rows, rows]) times Q Qᵀ, into the same row of `projected`.
  func project(_ weights: [Double], row: Int, into projected: inout [Double]) {
    let start = row * rows
    weights.withUnsafeBufferPointer { weights in
      projected.withUnsafeMutableBufferPointer { projected in
        q.withUnsafeBufferPointer { q in
          for column in 0..<columns {
            let base = column * rows
            var sums = SIMD4<Double>.zero
            var place = 0
            while place + 4 <= row + 1 {
              let left = SIMD4(
                weights[start + place], weights[start + place + 1], weights[start + place + 2],
                weights[start + place + 3])
              let right = SIMD4(q[base + place], q[base + place + 1], q[base + place + 2], q[base + place + 3])
              sums += left * right
              place += 4
            }
            var sum = sums.sum()
            while place <= row {
              sum += weights[start + place] * q[base + place]
              place += 1
            }
            for place in 0...row { projected[start + place] += sum * q[base + place] }
          }
        }
      }
    }
  }
}
