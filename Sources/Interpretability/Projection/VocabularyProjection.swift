import DenseMath
import Transformer

/// A model's parameters as scores over the vocabulary, without a forward pass (Dar et al., "Analyzing Transformers in
/// Embedding Space", 2023, table 1).
///
/// A vector that writes to the residual stream is projected by wE v. One that reads from it needs a right inverse of E
/// = wEᵀ: the exact one is the Moore-Penrose inverse; the paper's is Eᵀ, whose few highest scores are more informative.
public struct VocabularyProjection: Sendable {
  /// E', in place of the right inverse of E.
  public enum Inverse: String, CaseIterable, Sendable {
    /// wE
    case transpose
    /// wE (wEᵀ wE)⁻¹
    case pinv
  }

  /// The product of two matrices of a head, kept as its two factors.
  public enum HeadMatrix: String, CaseIterable, Sendable {
    /// W_VO = wV wO: what is read and what is written for it.
    case vo
    /// W_QK = wQ wKᵀ: what attends and what is attended to.
    case qk

    /// The groups of its two factors.
    package var groups: (left: ParameterKind, right: ParameterKind) {
      switch self {
      case .vo: (.value, .output)
      case .qk: (.query, .key)
      }
    }
  }

  /// The model whose parameters are projected.
  public let model: Model
  /// The unembedding where it is not tied to the input embedding, else the token embedding: [V, d].
  public let matrix: Tensor
  /// E', in place of the right inverse of E.
  public let inverse: Inverse
  package let foldsNorm: Bool
  /// (wEᵀ wE)⁻¹; nil for the transpose.
  private let gramInverse: PositiveInverse?

  /// - Parameters:
  ///   - inverse: in place of the right inverse of E.
  ///   - foldingNorm: multiplies vectors that read with the gain of the norm before them. GPT-2 only.
  ///   - matrix: another matrix over the vocabulary, [V, d], such as that of the base model; nil for the model's own.
  /// - Throws: `InterpretabilityError.noNormToFold` for a post-norm model, `.widthDoesNotFit`; `LinearAlgebraError`.
  public init(
    _ model: Model, inverse: Inverse = .transpose, foldingNorm: Bool = false, matrix: Tensor? = nil,
    threads: Threads = .available
  ) throws {
    if foldingNorm, model.gain(before: .query, layer: 0) == nil {
      throw InterpretabilityError.noNormToFold(model: model.name)
    }
    let own = matrix ?? model.unembedding?.matrix ?? model.wE
    guard own.columns == model.dimensions.hidden else {
      throw InterpretabilityError.widthDoesNotFit(
        model: model.name, expected: model.dimensions.hidden, found: own.columns)
    }
    self.model = model
    self.matrix = own
    self.inverse = inverse
    foldsNorm = foldingNorm
    gramInverse =
      inverse == .transpose
      ? nil : try PositiveInverse(DoubleMatrix.gram(own, threads: threads))
  }

  /// V
  package var vocabulary: Int { matrix.rows }

  /// Vectors of a group, prepared so that their scores are `matrix` times each: with the norm's gain and the inverse of
  /// the Gram matrix, where requested. [dFF, d] or [H dHead, d]
  /// - Throws: `LinearAlgebraError`.
  package func vectors(_ group: ParameterKind, layer: Int) throws -> Tensor {
    let own = model.parameterVectors(group, layer: layer)
    guard folds(group, layer: layer) != nil || (gramInverse != nil && group.reads) else { return own }
    return try prepared(folded(own, group, layer: layer), reads: group.reads).tensor
  }

  /// Vectors of the residual stream, [n, d], prepared so that their scores are `matrix` times each: those that read are
  /// multiplied by the inverse of the Gram matrix, where requested.
  /// - Throws: `LinearAlgebraError`.
  package func prepared(_ vectors: DoubleMatrix, reads: Bool) throws -> DoubleMatrix {
    guard let gramInverse, reads else { return vectors }
    return try gramInverse.multipliedFromLeft(by: vectors)
  }

  /// Rows of a group in Double, with the norm's gain where requested.
  func folded(_ vectors: Tensor, _ group: ParameterKind, layer: Int) -> DoubleMatrix {
    let gain = folds(group, layer: layer)?.values
    let d = vectors.columns
    var result = DoubleMatrix(rows: vectors.rows, columns: d, values: vectors.values.map { Double($0) })
    guard let gain else { return result }
    for row in 0..<result.rows {
      for column in 0..<d { result[row, column] *= Double(gain[column]) }
    }
    return result
  }

  private func folds(_ group: ParameterKind, layer: Int) -> Tensor? {
    foldsNorm ? model.gain(before: group, layer: layer) : nil
  }

  /// The two factors of a head's matrix over pairs of the vocabulary, [V, dHead] each, in Double: its entry (i, j) is the
  /// inner product of row i of the first and row j of the second.
  /// - Throws: `InterpretabilityError.noSuchHead`, `LinearAlgebraError`.
  package func factors(
    _ which: HeadMatrix, of place: HeadPlace, threads: Threads
  ) throws -> (left: DoubleMatrix, right: DoubleMatrix) {
    let (left, right) = try halves(which, of: place)
    func factor(_ half: DoubleMatrix, _ group: ParameterKind) throws -> DoubleMatrix {
      DoubleMatrix.product(matrix, try prepared(half, reads: group.reads).transposed, threads: threads)
    }
    return (try factor(left, which.groups.left), try factor(right, which.groups.right))
  }

  /// The pairs of tokens with the highest or lowest scores of a head's matrix, best first.
  /// - Parameters:
  ///   - selection: which tokens are ranked, and which pairs are left out.
  /// - Throws: `InterpretabilityError.noSuchHead`, `LinearAlgebraError`.
  public func topPairs(
    _ which: HeadMatrix, of place: HeadPlace, count: Int, lowest: Bool = false,
    selecting selection: PairSearch.Selection = PairSearch.Selection(), threads: Threads = .available
  ) throws -> [ScoredPair] {
    let (left, right) = try factors(which, of: place, threads: threads)
    let search = PairSearch(left, right, selecting: selection)
    return try lowest ? search.lowest(count, threads: threads) : search.highest(count, threads: threads)
  }

  /// The two factors of a head's matrix, [dHead, d] each: it is the first, transposed, times the second.
  /// - Throws: `InterpretabilityError.noSuchHead`.
  func halves(_ which: HeadMatrix, of place: HeadPlace) throws -> (left: DoubleMatrix, right: DoubleMatrix) {
    try check(place)
    let size = model.dimensions.headSize
    let rows = place.head * size..<(place.head + 1) * size
    func half(_ group: ParameterKind) -> DoubleMatrix {
      folded(model.parameterVectors(group, layer: place.layer)[rows: rows], group, layer: place.layer)
    }
    return (half(which.groups.left), half(which.groups.right))
  }

  /// The k highest or lowest tokens of each vector, best first, ties by id.
  /// - Parameters:
  ///   - vectors: [n, d], as computed by `vectors` or `prepared`.
  ///   - ids: the tokens to rank, ascending; nil for all.
  package func tokens(
    _ vectors: Tensor, top k: Int, lowest: Bool = false, among ids: [Int]? = nil, threads: Threads
  ) -> [[ScoredID]] {
    rank(vectors, threads: threads) { $0.ranked(k, lowest: lowest, among: ids) }
  }

  /// The k highest and the k lowest tokens of each vector, from one computation of the scores.
  package func ends(_ vectors: Tensor, top k: Int, among ids: [Int]? = nil, threads: Threads) -> [TokenEnds] {
    rank(vectors, threads: threads) {
      TokenEnds(highest: $0.ranked(k, lowest: false, among: ids), lowest: $0.ranked(k, lowest: true, among: ids))
    }
  }

  /// What `keep` returns for each vector's scores.
  private func rank<Kept>(_ vectors: Tensor, threads: Threads, _ keep: (ScoredVocabulary) -> Kept) -> [Kept] {
    var kept: [Kept?] = Array(repeating: nil, count: vectors.rows)
    kept.withUnsafeMutableBufferPointer { out in
      // Each task writes its own element.
      nonisolated(unsafe) let out = out
      Unembedding.embedding(matrix).withScores(of: vectors, threads: threads) { row, scores in
        out[row] = keep(ScoredVocabulary(pointer: scores, count: vocabulary))
      }
    }
    return kept.compactMap { $0 }
  }

  /// - Throws: `InterpretabilityError.noSuchHead`.
  package func check(_ place: HeadPlace) throws {
    let size = model.dimensions
    guard (0..<size.layers).contains(place.layer), (0..<size.heads).contains(place.head) else {
      throw InterpretabilityError.noSuchHead(
        "\(place)", model: model.name, layers: size.layers, heads: size.heads)
    }
  }

  /// The row of `vectors` at a place.
  /// - Throws: `InterpretabilityError.noSuchHead`, `.noSuchVector`.
  package func row(of place: VectorPlace, in group: ParameterKind) throws -> Int {
    let size = model.dimensions
    let count = group.isAttention ? size.headSize : size.feedForward
    if group.isAttention, let head = place.head { try check(HeadPlace(layer: place.layer, head: head)) }
    guard (0..<size.layers).contains(place.layer), (0..<count).contains(place.index),
      group.isAttention == (place.head != nil)
    else {
      throw InterpretabilityError.noSuchVector(
        "\(place)", group: group.rawValue, model: model.name,
        expected: group.isAttention
          ? "L0H0:0 to L\(size.layers - 1)H\(size.heads - 1):\(count - 1)" : "L0:0 to L\(size.layers - 1):\(count - 1)")
    }
    return (place.head ?? 0) * size.headSize + place.index
  }
}

/// Both ends of a vector's scores over the vocabulary: the highest, best first, and the lowest, lowest first.
package struct TokenEnds: Sendable, Equatable {
  package let highest: [ScoredID]
  package let lowest: [ScoredID]
}

/// One row of scores, scratch memory for ranking.
private struct ScoredVocabulary {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  func ranked(_ k: Int, lowest: Bool, among ids: [Int]?) -> [ScoredID] {
    if lowest { negate() }
    defer { if lowest { negate() } }
    return TopK.highest(k, of: pointer, count: count, among: ids).map {
      lowest ? ScoredID(score: 0 - $0.score, id: $0.id) : $0
    }
  }

  private func negate() {
    for id in 0..<count { pointer[id] = 0 - pointer[id] }
  }
}
