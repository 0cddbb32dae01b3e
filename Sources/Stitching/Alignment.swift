import DenseMath
import Tokenization
import Transformer

/// Compares the parameters of two models, which may differ in depth, width, and training, layer by layer.
///
/// The score of a layer of A and a layer of B is the mean absolute Pearson correlation of all pairs of their vectors of one
/// kind (Dar et al. 2023, section 4.2): no order of neurons or heads is needed. No biases.
public struct ModelAligner: Sendable {
  package let a: Model
  package let b: Model
  /// The tokens of embedding space.
  package let shared: SharedVocabulary
  private let threads: Threads
  private let embedding: CorrelationCoordinates?

  /// - Parameters:
  ///   - spaces: those that `align` will use.
  /// - Throws: `StitchingError.differentFeatures` for feature space of different widths, `LinearAlgebraError`.
  package init(
    _ a: Model, _ b: Model, shared: SharedVocabulary, spaces: Set<AlignmentSpace> = [.embedding, .feature],
    threads: Threads
  ) throws {
    if spaces.contains(.feature), a.dimensions.hidden != b.dimensions.hidden {
      throw StitchingError.differentFeatures(first: a.dimensions.hidden, second: b.dimensions.hidden)
    }
    self.a = a
    self.b = b
    self.shared = shared
    self.threads = threads
    embedding =
      spaces.contains(.embedding)
      ? try CorrelationCoordinates(a.wE, b.wE, rows: shared.rows, threads: threads) : nil
  }

  /// Compares through the tokens of the models' tokenizer files.
  /// - Throws: also `TokenizationError` for vocabularies that differ.
  public init(
    _ a: Model, _ b: Model, allowsPartialVocabulary: Bool = false, spaces: Set<AlignmentSpace> = [.embedding],
    threads: Threads = .available
  ) throws {
    let shared = try SharedVocabulary(TokenizedModel(a), TokenizedModel(b), allowsPartial: allowsPartialVocabulary)
    try self.init(a, b, shared: shared, spaces: spaces, threads: threads)
  }

  /// - Precondition: `space` is one of those of the initializer.
  /// - Throws: `LinearAlgebraError.notFinite` where a weight is not finite.
  public func align(_ kind: ParameterKind, in space: AlignmentSpace) throws -> LayerAlignment {
    let coordinates = coordinates(of: space)
    let count = kind.isAttention ? b.dimensions.hidden : b.dimensions.feedForward
    let packed = PackedVectors(
      layers: b.dimensions.layers, count: count, width: coordinates.width, threads: threads
    ) { coordinates.ofB(b.parameterVectors(kind, layer: $0)) }
    var scores = DoubleMatrix(rows: a.dimensions.layers, columns: b.dimensions.layers)
    for layer in 0..<a.dimensions.layers {
      let vectors = coordinates.ofA(a.parameterVectors(kind, layer: layer))
      for (other, mean) in packed.meanAbsoluteProducts(with: vectors, threads: threads).enumerated() {
        scores[layer, other] = mean
      }
    }
    return try LayerAlignment(scores)
  }

  /// The correlation of every vector of a layer of A with every one of a layer of B, [n_A, n_B].
  /// - Precondition: `space` is one of those of the initializer; the layers are the models'.
  package func correlations(
    _ kind: ParameterKind, in space: AlignmentSpace, layerA: Int, layerB: Int
  ) -> Tensor {
    let coordinates = coordinates(of: space)
    let x = coordinates.ofA(a.parameterVectors(kind, layer: layerA))
    let y = coordinates.ofB(b.parameterVectors(kind, layer: layerB))
    let result = FloatBuffer(uninitializedCount: x.rows * y.rows)
    Product.multiply(
      MatrixView(x), MatrixView(y).transposed, into: MutableMatrixView(result, rows: x.rows, columns: y.rows),
      threads: threads)
    return Tensor(shape: [x.rows, y.rows], result)
  }

  private func coordinates(of space: AlignmentSpace) -> CorrelationCoordinates {
    guard space == .embedding else { return CorrelationCoordinates(features: a.dimensions.hidden, threads: threads) }
    guard let embedding else { preconditionFailure("an aligner that was not made for embedding space") }
    return embedding
  }
}

/// The alignment of the layers of two models.
public struct LayerAlignment: Equatable, Sendable {
  /// Mean absolute correlations, [L_A, L_B].
  public let scores: DoubleMatrix
  /// The pairs of layers with the highest total.
  public let assignment: Assignment
  /// The total of the next best assignment; nil if there is no other.
  public let secondBest: Double?

  /// - Throws: `LinearAlgebraError.notFinite`.
  package init(_ scores: DoubleMatrix) throws {
    self.scores = scores
    assignment = try Assignment(maximizing: scores)
    secondBest = assignment.secondBest(of: scores)?.total
  }

  /// The total of the assignment minus that of the next best: a measure of its reliability.
  public var margin: Double? { secondBest.map { assignment.total - $0 } }

  /// For each pair, its distance from the diagonal in layers of B; where depths differ the diagonal runs from first
  /// layer to first and from last to last.
  public var offsets: [Double] {
    let slope = scores.rows > 1 ? Double(scores.columns - 1) / Double(scores.rows - 1) : 0
    return assignment.pairs.map { abs(Double($0.column) - Double($0.row) * slope) }
  }

  /// Pairs on the diagonal, at most half a layer off where depths differ.
  public var diagonalHits: Int { offsets.count { $0 <= 0.5 } }

  /// Mean of `offsets`.
  public var meanOffset: Double { offsets.reduce(0, +) / Double(max(1, offsets.count)) }
}

extension ParameterKind {
  /// The six groups in the order of the paper's figure.
  package static let alignmentOrder: [ParameterKind] = [
    .feedForwardKey, .feedForwardValue, .key, .query, .value, .output,
  ]

  /// K, V, W_K, W_Q, W_V or W_O.
  package var symbol: String {
    switch self {
    case .feedForwardKey: return "K"
    case .feedForwardValue: return "V"
    case .query: return "W_Q"
    case .key: return "W_K"
    case .value: return "W_V"
    case .output: return "W_O"
    }
  }
}
