import DenseMath

/// A linear map from A's hidden states to B's, h_B = h_A S, made from the two token embeddings alone.
///
/// Dar et al., section 5 of "Analyzing Transformers in Embedding Space": a state of A is read as scores over the vocabulary
/// and written into B by a right inverse of B's embedding, S = E_A E_B⁺ = wE_Aᵀ wE_B (wE_Bᵀ wE_B)⁻¹.
public struct StitchingMap: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// E_A E_B⁺, the paper's.
    case pinv
    /// E_A E_Bᵀ, as if E_B had orthonormal rows.
    case transpose
    /// Control: independent normal numbers with the Frobenius norm of `pinv`.
    case random
    /// Control: `pinv` with B's vocabulary permuted, so that tokens no longer meet their own.
    case shuffled
    /// Control: the state as it is, where the sizes agree.
    case identity

    /// Whether another draw gives another map.
    public var isDrawn: Bool { self == .random || self == .shuffled }
  }

  public let kind: Kind
  /// Which draw of a seeded map; 0 for the others.
  public let draw: Int
  /// S in Double, [d_A, d_B].
  public let matrix: DoubleMatrix
  /// S rounded to Float32: what states are multiplied by.
  public let tensor: Tensor

  init(kind: Kind, draw: Int, matrix: DoubleMatrix) {
    self.kind = kind
    self.draw = draw
    self.matrix = matrix
    tensor = matrix.tensor
  }

  /// out = h S.
  /// - Parameters:
  ///   - h: [rows, d_A]
  ///   - out: receives [rows, d_B]
  func apply(_ h: UnsafePointer<Float>, rows: Int, into out: UnsafeMutablePointer<Float>, threads: Threads) {
    Product.multiply(
      threads: threads, m: rows, n: matrix.columns, k: matrix.rows, a: h, aStride: matrix.rows, b: tensor.pointer,
      bStride: matrix.columns, bTransposed: false, c: out, cStride: matrix.columns
    ) { _, _ in }
  }
}

/// What all maps between two models are made from: the products of their embeddings, computed once.
public struct StitchingMaps: Sendable {
  private let wEA: Tensor
  private let wEB: Tensor
  private let rows: [(a: Int, b: Int)]
  private let seed: UInt64
  private let threads: Threads
  /// wE_Aᵀ wE_B over the shared tokens, [d_A, d_B].
  private let cross: DoubleMatrix
  /// (wE_Bᵀ wE_B)⁻¹ over the shared tokens.
  public let inverse: PositiveInverse

  /// - Parameters:
  ///   - wEA: A's token embedding, [V_A, d_A]; `wEB`: B's, [V_B, d_B].
  ///   - shared: which rows stand for the same token.
  ///   - seed: decides the drawn maps.
  /// - Throws: `LinearAlgebraError`.
  public init(_ wEA: Tensor, _ wEB: Tensor, shared: SharedVocabulary, seed: UInt64, threads: Threads) throws {
    self.wEA = wEA
    self.wEB = wEB
    self.seed = seed
    self.threads = threads
    rows = shared.rows
    cross = DoubleMatrix.transposedProduct(wEA, wEB, rows: shared.rows, threads: threads)
    let own = shared.rows.map { (a: $0.b, b: $0.b) }
    inverse = try PositiveInverse(DoubleMatrix.transposedProduct(wEB, wEB, rows: own, threads: threads))
  }

  /// - Throws: `StitchingError.differentWidths` for `identity` between different sizes; `LinearAlgebraError`.
  public func map(_ kind: StitchingMap.Kind, draw: Int = 0) throws -> StitchingMap {
    StitchingMap(kind: kind, draw: draw, matrix: try matrix(kind, draw: draw))
  }

  private func matrix(_ kind: StitchingMap.Kind, draw: Int) throws -> DoubleMatrix {
    var generator = SplitMix64(seed: seed &+ UInt64(draw) &* 0x9E37_79B9)
    switch kind {
    case .pinv: return try inverse.multipliedFromLeft(by: cross)
    case .transpose: return cross
    case .random:
      var noise = DoubleMatrix(rows: cross.rows, columns: cross.columns)
      for index in noise.values.indices { noise.values[index] = generator.normal() }
      let norm = try inverse.multipliedFromLeft(by: cross).frobeniusNorm
      return (norm / noise.frobeniusNorm) * noise
    case .shuffled:
      let order = generator.permutation(of: rows.count)
      let pairs = rows.indices.map { (a: rows[$0].a, b: rows[order[$0]].b) }
      return try inverse.multipliedFromLeft(
        by: DoubleMatrix.transposedProduct(wEA, wEB, rows: pairs, threads: threads))
    case .identity:
      guard cross.rows == cross.columns else {
        throw StitchingError.differentWidths(map: kind.rawValue, pretrained: cross.rows, finetuned: cross.columns)
      }
      return .identity(cross.rows)
    }
  }
}
