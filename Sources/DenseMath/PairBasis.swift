/// A change of basis that keeps the inner products of two matrices' rows, with most of each in the first terms.
///
/// With left = A M and right = B N, M Nᵀ = I, sums are those of A Bᵀ; M and N are chosen so that AᵀA and BᵀB become the
/// same diagonal matrix, the singular values of A Bᵀ in descending order. No other basis leaves less for later terms.
struct PairBasis {
  /// M, [r, r]
  let left: DoubleMatrix
  /// N, [r, r]
  let right: DoubleMatrix
  /// A bound on the error of any sum in the new basis through rounding of the bases.
  let error: Double

  /// - Throws: `LinearAlgebraError`, `.notFinite` also where a number's square is not finite.
  init(_ a: DoubleMatrix, _ b: DoubleMatrix, threads: Threads) throws {
    let r = a.columns
    let (gramA, gramB) = threads.both(
      { DoubleMatrix.transposedProduct(a, a) }, { DoubleMatrix.transposedProduct(b, b) })
    let (rootA, inverseA) = try Self.roots(of: gramA)
    let (rootB, inverseB) = try Self.roots(of: gramB)
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
    func trace(_ gram: DoubleMatrix) -> Double { (0..<r).reduce(0) { $0 + gram[$1, $1] } }
    // No row's norm exceeds the Frobenius norm.
    let norms = trace(gramA).squareRoot() * trace(gramB).squareRoot()
    error = norms * (rest.frobeniusNorm + rounding * left.frobeniusNorm * right.frobeniusNorm)
  }

  /// The square root of a Gram matrix, and its inverse; 1e-10 of the mean eigenvalue is added so that it is invertible.
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

/// A factor's rows in Float32, by descending norm, scaled so that the largest is at most 1.
struct SortedFactor {
  /// order[i] is the factor's row at position i.
  let order: [Int]
  /// Norms of the scaled rows, rounded up, descending.
  let norms: [Float]
  /// [n, r]
  let numbers: FloatBuffer
  /// [n, places]: the norm of the terms after each place, rounded up; 0 for the last.
  let rests: FloatBuffer
  /// A power of two.
  let scale: Double

  /// - Parameters:
  ///   - rows: which rows of `matrix` to take.
  ///   - ends: how many terms come before each place.
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

extension Threads {
  /// Two computations side by side.
  func both<First, Second>(_ first: () -> First, _ second: () -> Second) -> (First, Second) {
    var results: (First?, Second?)
    withUnsafeMutablePointer(to: &results) { results in
      // Each task writes its own half.
      nonisolated(unsafe) let results = results
      run(2) { task, _ in
        if task == 0 { results.pointee.0 = first() } else { results.pointee.1 = second() }
      }
    }
    return (results.0 ?? first(), results.1 ?? second())
  }
}
