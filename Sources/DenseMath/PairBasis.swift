/// A change of basis under which all inner products of two matrices' rows stay as they are, and come early in the sum.
///
/// With left = A M and right = B N, M Nᵀ = I, sums are those of A Bᵀ; M and N are chosen so that AᵀA and BᵀB become the
/// same diagonal matrix, the singular values of A Bᵀ from the largest down. No other basis leaves less for the steps
/// after the first few.
struct PairBasis {
  /// M, [r, r]
  let left: DoubleMatrix
  /// N, [r, r]
  let right: DoubleMatrix
  /// How far a sum in the new basis may be off through rounding of the bases, over the two rows' norms in the old one.
  let error: Double

  /// - Throws: `LinearAlgebraError`.
  init(_ a: DoubleMatrix, _ b: DoubleMatrix) throws {
    let r = a.columns
    let (rootA, inverseA) = try Self.roots(of: DoubleMatrix.transposedProduct(a, a))
    let (rootB, inverseB) = try Self.roots(of: DoubleMatrix.transposedProduct(b, b))
    let core = try SingularValueDecomposition(rootA * rootB)
    let largest = core.values.first ?? 0
    guard largest > 0 else {
      (left, right, error) = (.identity(r), .identity(r), 0)
      return
    }
    func scaled(_ vectors: DoubleMatrix) -> DoubleMatrix {
      var result = vectors
      for column in 0..<r {
        let factor = max(core.values[column], largest * 1e-12).squareRoot()
        for row in 0..<r { result[row, column] *= factor }
      }
      return result
    }
    // Gram matrices with a little added can be inverted; N is M's inverse up to rounding, which is measured.
    left = inverseA * scaled(core.left)
    right = inverseB * scaled(core.right)
    var rest = left * right.transposed
    for index in 0..<r { rest[index, index] -= 1 }
    let rounding = 8 * Double(r) * Double.ulpOfOne
    error = rest.frobeniusNorm + rounding * left.frobeniusNorm * right.frobeniusNorm
  }

  /// The square root of a Gram matrix, and its inverse, with 1e-10 of the mean eigenvalue added so that it has one.
  private static func roots(of gram: DoubleMatrix) throws -> (root: DoubleMatrix, inverse: DoubleMatrix) {
    let eigen = try SymmetricEigendecomposition(gram)
    let r = gram.rows
    let added = 1e-10 * eigen.values.reduce(0, +) / Double(max(r, 1))
    guard added > 0 else { return (DoubleMatrix(rows: r, columns: r), DoubleMatrix(rows: r, columns: r)) }
    func power(_ exponent: (Double) -> Double) -> DoubleMatrix {
      var scaled = eigen.vectors
      for column in 0..<r {
        let factor = exponent(max(eigen.values[column], 0) + added)
        for row in 0..<r { scaled[row, column] *= factor }
      }
      return scaled * eigen.vectors.transposed
    }
    return (power { $0.squareRoot() }, power { 1 / $0.squareRoot() })
  }
}

/// A factor's rows in Float32, from the largest norm down, scaled so that the largest is at most 1.
struct SortedFactor {
  /// order[i] is the row of the factor that stands at i.
  let order: [Int]
  /// Of the scaled rows, rounded up, falling.
  let norms: [Float]
  /// [n, r]
  let numbers: FloatBuffer
  /// [n, places]: the norm of what comes after each place, rounded up; 0 for the last.
  let rests: FloatBuffer
  /// A power of two.
  let scale: Double

  /// - Parameters:
  ///   - rows: which rows of `matrix` to take.
  ///   - ends: how many numbers come before each place.
  init(_ matrix: DoubleMatrix, _ rows: [Int], ends: [Int]) {
    let r = matrix.columns
    let places = ends.count
    numbers = FloatBuffer(uninitializedCount: rows.count * r)
    rests = FloatBuffer(uninitializedCount: rows.count * places)
    let (numbers, rests) = (numbers.pointer, rests.pointer)
    (order, norms, scale) = matrix.values.withUnsafeBufferPointer { values in
      var squares = [Double](repeating: 0, count: rows.count)
      for (index, row) in rows.enumerated() {
        var sum = 0.0
        for i in row * r..<(row + 1) * r { sum += values[i] * values[i] }
        squares[index] = sum
      }
      let sorted = rows.indices.sorted { (squares[$1], $0) < (squares[$0], $1) }
      let largest = (sorted.first.map { squares[$0] } ?? 0).squareRoot()
      let scale = largest > 0 ? 1 / (2 * largest.binade) : 1
      func roundedUp(_ square: Double) -> Float { Float(square.squareRoot() * scale * (1 + 1e-9)).nextUp }
      for (place, index) in sorted.enumerated() {
        let row = rows[index] * r
        for i in 0..<r { numbers[place * r + i] = Float(values[row + i] * scale) }
        var (rest, i) = (0.0, r)
        for stop in stride(from: places - 1, through: 0, by: -1) {
          while i > ends[stop] {
            i -= 1
            rest += values[row + i] * values[row + i]
          }
          rests[place * places + stop] = stop == places - 1 ? 0 : roundedUp(rest)
        }
      }
      return (sorted.map { rows[$0] }, sorted.map { roundedUp(squares[$0]) }, scale)
    }
  }
}
