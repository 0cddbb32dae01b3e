import DenseMath
import Transformer

/// The one-to-one alignment of the vectors of two matched layers.
package struct VectorAlignment: Sendable {
  package struct Pair: Equatable, Sendable {
    /// The vector of A, of B: a neuron, or coordinate j of head h as h dHead + j.
    package let a: Int
    package let b: Int
    package let correlation: Float
  }

  /// The assignment with the highest total of absolute correlations, the closest pair first.
  package let pairs: [Pair]

  /// Mean absolute correlation of the pairs.
  package var mean: Double { pairs.reduce(0) { $0 + Double(abs($1.correlation)) } / Double(max(1, pairs.count)) }

  /// - Parameter correlations: [n_A, n_B]
  /// - Throws: `LinearAlgebraError.notFinite`.
  package init(_ correlations: Tensor) throws {
    let scores = DoubleMatrix(
      rows: correlations.rows, columns: correlations.columns, values: correlations.values.map { Double(abs($0)) })
    pairs = try Assignment(maximizing: scores).pairs.map { pair in
      Pair(a: pair.row, b: pair.column, correlation: correlations[pair.row * correlations.columns + pair.column])
    }.sorted { left, right in
      let (a, b) = (abs(left.correlation), abs(right.correlation))
      return a > b || (a == b && (left.a, left.b) < (right.a, right.b))
    }
  }
}

extension Model {
  /// The tokens with the highest scores wE v, best first.
  /// - Parameters:
  ///   - vector: [d]
  ///   - sign: -1 for the tokens of the opposite vector.
  package func topTokens(of vector: UnsafePointer<Float>, sign: Float = 1, count: Int, threads: Threads) -> [ScoredID] {
    let signed = Tensor(shape: [1, wE.columns], (0..<wE.columns).map { sign * vector[$0] })
    return Unembedding.embedding(wE).topTokens(of: signed, count, threads: threads)[0]
  }
}
