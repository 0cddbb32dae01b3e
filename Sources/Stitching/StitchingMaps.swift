import DenseMath
import Tokenization

/// The common basis of all maps between two models: the products of their embeddings, computed once, and the random
/// generator.
public struct StitchingMaps: Sendable {
  private let wEA: Tensor
  private let wEB: Tensor
  private let rows: [(a: Int, b: Int)]
  private let seed: UInt64
  private let threads: Threads
  /// M = wE_Aᵀ wE_B over the shared tokens, [d_A, d_B].
  private let cross: DoubleMatrix
  /// G_B = wE_Bᵀ wE_B over the shared tokens, [d_B, d_B].
  private let gramB: DoubleMatrix
  /// G_B⁻¹.
  package let inverse: PositiveInverse

  /// - Parameters:
  ///   - wEA: A's token embedding, [V_A, d_A]; `wEB`: B's, [V_B, d_B].
  ///   - shared: which rows are the same token.
  ///   - seed: of the drawn maps.
  /// - Throws: `LinearAlgebraError`.
  package init(_ wEA: Tensor, _ wEB: Tensor, shared: SharedVocabulary, seed: UInt64, threads: Threads) throws {
    self.wEA = wEA
    self.wEB = wEB
    self.seed = seed
    self.threads = threads
    rows = shared.rows
    cross = DoubleMatrix.transposedProduct(wEA, wEB, rows: shared.rows, threads: threads)
    gramB = DoubleMatrix.gram(wEB, rows: shared.rows.map(\.b), threads: threads)
    inverse = try PositiveInverse(gramB)
  }

  /// A map from the two embeddings alone.
  /// - Parameter draw: which draw of a random recipe.
  /// - Throws: as below.
  public func map(_ recipe: MapRecipe, draw: Int = 0) throws -> StitchingMap {
    try map(recipe, draw: draw, texts: nil)
  }

  /// - Parameters:
  ///   - texts: statistics of unlabelled texts at the cut; for recipes with `needsTexts`.
  ///   - measuring: of other texts, by which the ridge of a map from several levels is chosen.
  ///   - cut: for recipes with `dependsOnCut`.
  /// - Throws: `StitchingError`: `differentWidths` for `identity` between different sizes, `rankOutOfRange`, `needsTexts`;
  ///   `LinearAlgebraError`.
  package func map(
    _ recipe: MapRecipe, draw: Int = 0, texts: SeamStatistics?, measuredOn measuring: SeamStatistics? = nil,
    cut: StitchCut? = nil
  ) throws -> StitchingMap {
    func seam(_ statistics: SeamStatistics?) throws -> Seam {
      guard let cut,
        let seam = statistics?.seam(cut, levels: recipe.levels, mismatched: recipe.kind == .mismatched)
      else { throw StitchingError.needsTexts(map: recipe.name) }
      return seam
    }
    let closest =
      recipe.levels == .last ? nil : try Self.closest(recipe, fittedTo: seam(texts), measuredOn: seam(measuring))
    let (matrix, offset) = try closest?.map ?? linear(recipe, draw: draw, texts: texts) { try seam(texts) }
    let ridge = closest?.ridge
    switch recipe.matching {
    case .none: return StitchingMap(recipe: recipe, draw: draw, matrix: matrix, offset: offset, ridge: ridge)
    case .norm:
      return StitchingMap(
        recipe: recipe, draw: draw, matrix: matrix, offset: offset, norm: try seam(texts).meanNorm, ridge: ridge)
    case .moments:
      let (scaled, constant) = try seam(texts).matched(matrix)
      return StitchingMap(recipe: recipe, draw: draw, matrix: scaled, offset: constant, ridge: ridge)
    }
  }

  /// The map, of those with each ridge, that leaves the least squared error on texts that it was not fitted to; with the
  /// smallest ridge of equal ones.
  private static func closest(
    _ recipe: MapRecipe, fittedTo seam: Seam, measuredOn other: Seam
  ) throws -> (map: (matrix: DoubleMatrix, offset: [Double]?), ridge: Double)? {
    var best: (map: (matrix: DoubleMatrix, offset: [Double]?), ridge: Double, error: Double)?
    for ridge in Seam.ridges {
      let map = try fitted(recipe, seam, ridge: ridge)
      let error = other.squaredError(map.matrix, map.offset)
      if let best, !(error < best.error) { continue }
      best = (map, ridge, error)
    }
    return best.map { ($0.map, $0.ridge) }
  }

  private static func fitted(
    _ recipe: MapRecipe, _ seam: Seam, ridge: Double
  ) throws -> (matrix: DoubleMatrix, offset: [Double]?) {
    if recipe.kind == .leastSquares { return (try seam.leastSquares(ridge: ridge), nil) }
    return try seam.affine(ridge: ridge)
  }

  /// ‖E_A - S E_B‖_F / ‖E_A‖_F over the shared tokens: what A's embedding loses through S and B's; NaN for a map from
  /// several levels, of which there is no such reading.
  ///
  /// The square is a difference of sums that nearly cancel for a good map: below about 1e-7 it is rounding.
  package func residual(of map: StitchingMap) -> Double {
    guard map.matrix.rows == cross.rows else { return .nan }
    let own = rows.reduce(0.0) { sum, pair in
      (0..<wEA.columns).reduce(sum) {
        $0 + Double(wEA[pair.a * wEA.columns + $1]) * Double(wEA[pair.a * wEA.columns + $1])
      }
    }
    let square = own - 2 * map.matrix.inner(cross) + (map.matrix * gramB).inner(map.matrix)
    return (max(0, square) / own).squareRoot()
  }

  private func linear(
    _ recipe: MapRecipe, draw: Int, texts: SeamStatistics?, seam: () throws -> Seam
  ) throws -> (matrix: DoubleMatrix, offset: [Double]?) {
    var generator = SplitMix64(seed: seed &+ UInt64(draw) &* 0x9E37_79B9)
    switch recipe.kind {
    case .pinv: return (try inverse.multipliedFromLeft(by: cross), nil)
    case .transpose: return (cross, nil)
    case .ridge(let lambda):
      var gram = gramB
      let size = gram.rows
      let shift = lambda * (0..<size).reduce(0) { $0 + gramB[$1, $1] } / Double(max(size, 1))
      for index in 0..<size { gram[index, index] += shift }
      return (try PositiveInverse(gram).multipliedFromLeft(by: cross), nil)
    case .truncated(let rank): return (try truncated(rank), nil)
    case .procrustes, .scaledProcrustes:
      let procrustes = Procrustes(gram: gramA(), cross: cross)
      return (recipe.kind == .procrustes ? try procrustes.rotation() : try procrustes.scaledRotation(), nil)
    case .regression: return (try PositiveInverse(gramA()).multipliedFromLeft(by: cross.transposed).transposed, nil)
    case .weighted: return (try weighted(texts, recipe), nil)
    case .centred: return try centred()
    case .leastSquares, .affine, .mismatched: return try Self.fitted(recipe, seam(), ridge: 0)
    case .auto: throw StitchingError.needsTexts(map: recipe.name)
    case .random:
      var noise = DoubleMatrix(rows: cross.rows, columns: cross.columns)
      for index in noise.values.indices { noise.values[index] = generator.normal() }
      let norm = try inverse.multipliedFromLeft(by: cross).frobeniusNorm
      return ((norm / noise.frobeniusNorm) * noise, nil)
    case .shuffled:
      let order = generator.permutation(of: rows.count)
      let pairs = rows.indices.map { (a: rows[$0].a, b: rows[order[$0]].b) }
      let mixed = DoubleMatrix.transposedProduct(wEA, wEB, rows: pairs, threads: threads)
      return (try inverse.multipliedFromLeft(by: mixed), nil)
    case .identity:
      guard cross.rows == cross.columns else {
        throw StitchingError.differentWidths(map: recipe.name, pretrained: cross.rows, finetuned: cross.columns)
      }
      return (.identity(cross.rows), nil)
    }
  }

  private func gramA() -> DoubleMatrix {
    DoubleMatrix.gram(wEA, rows: rows.map(\.a), threads: threads)
  }

  private func truncated(_ rank: Int) throws -> DoubleMatrix {
    let size = gramB.rows
    guard (1...size).contains(rank) else { throw StitchingError.rankOutOfRange(found: rank, width: size) }
    let eigen = try SymmetricEigendecomposition(gramB)
    var directions = DoubleMatrix(rows: size, columns: rank)
    var scaled = DoubleMatrix(rows: rank, columns: size)
    for index in 0..<rank {
      let column = size - 1 - index
      for row in 0..<size {
        directions[row, index] = eigen.vectors[row, column]
        scaled[index, row] = eigen.vectors[row, column] / eigen.values[column]
      }
    }
    return cross * directions * scaled
  }

  private func weighted(_ texts: SeamStatistics?, _ recipe: MapRecipe) throws -> DoubleMatrix {
    guard let texts else { throw StitchingError.needsTexts(map: recipe.name) }
    let total = texts.tokenCounts.reduce(0, +) + rows.count
    let weights = rows.map { Double(texts.tokenCounts[$0.a] + 1) / Double(total) }
    let cross = DoubleMatrix.transposedProduct(wEA, wEB, rows: rows, weights: weights, threads: threads)
    let gram = DoubleMatrix.gram(wEB, rows: rows.map(\.b), weights: weights, threads: threads)
    return try PositiveInverse(gram).multipliedFromLeft(by: cross)
  }

  private func centred() throws -> (matrix: DoubleMatrix, offset: [Double]) {
    func mean(_ tensor: Tensor, _ row: (Int) -> Int) -> [Double] {
      var sums = [Double](repeating: 0, count: tensor.columns)
      for index in rows.indices {
        for column in sums.indices { sums[column] += Double(tensor[row(index) * tensor.columns + column]) }
      }
      return sums.map { $0 / Double(rows.count) }
    }
    let (meanA, meanB) = (mean(wEA) { rows[$0].a }, mean(wEB) { rows[$0].b })
    func centred(_ products: DoubleMatrix, _ left: [Double]) -> DoubleMatrix {
      var result = products
      for row in 0..<products.rows {
        for column in 0..<products.columns { result[row, column] -= Double(rows.count) * left[row] * meanB[column] }
      }
      return result
    }
    let matrix = try PositiveInverse(centred(gramB, meanB)).multipliedFromLeft(by: centred(cross, meanA))
    return (matrix, matrix.offset(taking: meanA, to: meanB))
  }
}

extension DoubleMatrix {
  /// b with x S + b = y for one pair of rows.
  func offset(taking x: [Double], to y: [Double]) -> [Double] {
    let mapped = DoubleMatrix(rows: 1, columns: rows, values: x) * self
    return zip(y, mapped.values).map { $0 - $1 }
  }
}
