import DenseMath

/// The space in which two parameter vectors are compared.
public enum AlignmentSpace: String, Sendable, CaseIterable {
  /// As scores over the vocabulary, wE x and wE y: for models of any width that share tokens.
  case embedding
  /// By coordinates: the baseline, for models of equal width.
  case feature
}

/// Coordinates in which the Pearson correlation of a vector of A and one of B is an inner product of two short vectors,
/// so that no array is as long as the vocabulary.
///
/// Embedding space: wE_A x and wE_B y are V numbers each. With K_11, K_12, K_22 the covariances of the embeddings over
/// the shared tokens, d x d each,
///
///     corr(x, y) = x K_12 yᵀ / sqrt(x K_11 xᵀ · y K_22 yᵀ)
///
/// (Dar et al., "Analyzing Transformers in Embedding Space", 2023, section 4.2, and its published notebook). With K_11
/// = Q_1 diag(w_1) Q_1ᵀ that is u M vᵀ for the unit vectors u ∝ x Q_1 diag(√w_1), v ∝ y Q_2 diag(√w_2) and M =
/// diag(1/√w_1) Q_1ᵀ K_12 Q_2 diag(1/√w_2), whose singular values are at most 1: rounding in Float32 stays small for
/// any embeddings. Feature space: each vector minus its mean, scaled to length 1.
struct CorrelationCoordinates {
  private enum Kind {
    case features
    /// Q diag(√w) of A, M, and Q diag(√w) of B.
    case embeddings(a: Tensor, bridge: Tensor, b: Tensor)
  }

  private let kind: Kind
  /// The width of the coordinates.
  let width: Int
  private let threads: Threads

  /// Feature space of models of this width.
  init(features width: Int, threads: Threads) {
    kind = .features
    self.width = width
    self.threads = threads
  }

  /// Embedding space.
  /// - Parameters:
  ///   - wEA: [V_A, d_A]; `wEB`: [V_B, d_B].
  ///   - rows: which rows are the same token.
  /// - Throws: `LinearAlgebraError`.
  init(_ wEA: Tensor, _ wEB: Tensor, rows: [(a: Int, b: Int)], threads: Threads) throws {
    let a = try Whitening(wEA, rows: rows.map(\.a), threads: threads)
    let b = try Whitening(wEB, rows: rows.map(\.b), threads: threads)
    let cross = covariance(wEA, a.mean, wEB, b.mean, rows: rows, threads: threads)
    let bridge = a.narrowed.transposed * cross * b.narrowed
    kind = .embeddings(a: a.widened.tensor, bridge: bridge.tensor, b: b.widened.tensor)
    width = bridge.columns
    self.threads = threads
  }

  /// A's vectors, [n, d_A], as rows of `width` numbers; zeros for a vector without variance.
  func ofA(_ vectors: Tensor) -> Tensor {
    guard case .embeddings(let a, let bridge, _) = kind else { return centred(vectors) }
    return times(normalized(times(vectors, a)), bridge)
  }

  /// B's vectors, [n, d_B], as unit rows of `width` numbers; zeros for a vector without variance.
  func ofB(_ vectors: Tensor) -> Tensor {
    guard case .embeddings(_, _, let b) = kind else { return centred(vectors) }
    return normalized(times(vectors, b))
  }

  private func times(_ vectors: Tensor, _ matrix: Tensor) -> Tensor {
    let (rows, columns) = (vectors.rows, matrix.columns)
    let result = FloatBuffer(uninitializedCount: rows * columns)
    Product.multiply(
      MatrixView(vectors), MatrixView(matrix), into: MutableMatrixView(result, rows: rows, columns: columns),
      threads: threads)
    return Tensor(shape: [rows, columns], result)
  }

  private func normalized(_ vectors: Tensor) -> Tensor { mapRows(vectors) { $0 } }

  private func centred(_ vectors: Tensor) -> Tensor {
    let count = Double(vectors.columns)
    return mapRows(vectors) { row in
      let mean = row.reduce(0, +) / count
      return row.map { $0 - mean }
    }
  }

  /// Each row through `change`, then scaled to length 1; a row that nearly vanishes by `change` becomes zeros.
  private func mapRows(_ vectors: Tensor, _ change: ([Double]) -> [Double]) -> Tensor {
    let (rows, columns) = (vectors.rows, vectors.columns)
    let result = FloatBuffer(uninitializedCount: rows * columns)
    let parts = threads.ranges(of: rows, granularity: 4)
    threads.run(parts.count) { part, _ in
      for row in parts[part] {
        let from = vectors.pointer + row * columns
        let before = (0..<columns).map { Double(from[$0]) }
        let after = change(before)
        let squares = after.reduce(0) { $0 + $1 * $1 }
        let floor = before.reduce(0) { max($0, abs($1)) } * 1e-12
        let scale = squares > floor * floor ? 1 / squares.squareRoot() : 0
        for column in 0..<columns { result.pointer[row * columns + column] = Float(scale * after[column]) }
      }
    }
    return Tensor(shape: [rows, columns], result)
  }
}

/// Coordinates of one embedding in which its rows have covariance 1.
private struct Whitening {
  /// Of the rows used, [d].
  let mean: [Double]
  /// Q diag(√w), [d, r]: maps a parameter vector to one as long as the standard deviation of its scores.
  let widened: DoubleMatrix
  /// Q diag(1/√w), [d, r].
  let narrowed: DoubleMatrix

  /// - Throws: `LinearAlgebraError`.
  init(_ wE: Tensor, rows: [Int], threads: Threads) throws {
    let d = wE.columns
    var sums = [Double](repeating: 0, count: d)
    for row in rows {
      for column in 0..<d { sums[column] += Double(wE.pointer[row * d + column]) }
    }
    mean = sums.map { $0 / Double(max(rows.count, 1)) }
    let own = covariance(wE, mean, wE, mean, rows: rows.map { ($0, $0) }, threads: threads)
    let decomposition = try SymmetricEigendecomposition(own)
    // A direction in which the tokens do not differ has no information about them.
    let cut = Double(d) * Double.ulpOfOne * (decomposition.values.last ?? 0)
    let kept = decomposition.values.indices.filter { decomposition.values[$0] > cut }
    var (widened, narrowed) = (DoubleMatrix(rows: d, columns: kept.count), DoubleMatrix(rows: d, columns: kept.count))
    for (column, source) in kept.enumerated() {
      let deviation = decomposition.values[source].squareRoot()
      for row in 0..<d {
        widened[row, column] = decomposition.vectors[row, source] * deviation
        narrowed[row, column] = decomposition.vectors[row, source] / deviation
      }
    }
    self.widened = widened
    self.narrowed = narrowed
  }
}

/// The covariance of two embeddings over shared tokens, [d_A, d_B].
private func covariance(
  _ wEA: Tensor, _ meanA: [Double], _ wEB: Tensor, _ meanB: [Double], rows: [(a: Int, b: Int)], threads: Threads
) -> DoubleMatrix {
  var result = DoubleMatrix.transposedProduct(wEA, wEB, rows: rows, threads: threads)
  for row in 0..<result.rows {
    for column in 0..<result.columns {
      result[row, column] = result[row, column] / Double(max(rows.count, 1)) - meanA[row] * meanB[column]
    }
  }
  return result
}
