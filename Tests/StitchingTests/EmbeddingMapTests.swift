import DenseMath
import Stitching
import TestSupport
import Testing
import Tokenization

/// Maps from two embeddings alone, against their definitions.
@Suite struct EmbeddingMapTests {
  private static let rows = 60

  private static func embedding(_ columns: Int, seed: UInt64) -> DoubleMatrix {
    var numbers = SeededNumbers(seed: seed)
    // A mean and unequal directions, as real embeddings have.
    return DoubleMatrix(
      rows: rows, columns: columns,
      values: (0..<rows * columns).map { 0.3 + numbers.normal() / Double(1 + $0 % columns) })
  }

  private static func maps(_ a: DoubleMatrix, _ b: DoubleMatrix) throws -> StitchingMaps {
    try StitchingMaps(
      a.tensor, b.tensor, shared: SharedVocabulary(count: rows), seed: 1, threads: Threads(2))
  }

  /// ‖X S - Y‖_F.
  private static func distance(_ x: DoubleMatrix, _ s: DoubleMatrix, _ y: DoubleMatrix) -> Double {
    var difference = x * s
    for index in difference.values.indices { difference.values[index] -= y.values[index] }
    return difference.frobeniusNorm
  }

  private static func orthogonal(_ size: Int, seed: UInt64) throws -> DoubleMatrix {
    var numbers = SeededNumbers(seed: seed)
    let svd = try SingularValueDecomposition(
      DoubleMatrix(rows: size, columns: size, values: (0..<size * size).map { _ in numbers.normal() }))
    return svd.left * svd.right.transposed
  }

  @Test func truncatedAtFullRankAndRidgeAtNothingArePinv() throws {
    let maps = try Self.maps(Self.embedding(7, seed: 1), Self.embedding(5, seed: 2))
    let pinv = try maps.map(.pinv).matrix.values
    expectClose(
      try maps.map(MapRecipe(.truncated(5))).matrix.values, pinv, absolute: 1e-11, relative: 0, "full rank")
    expectClose(try maps.map(MapRecipe(.ridge(1e-14))).matrix.values, pinv, absolute: 1e-10, relative: 0, "no ridge")
    #expect(throws: StitchingError.rankOutOfRange(found: 6, width: 5)) { try maps.map(MapRecipe(.truncated(6))) }
  }

  /// Truncated to r, wE_B is replaced by its best approximation of rank r: S has rank r, and S wE_Bᵀ is wE_Aᵀ projected.
  @Test func truncatedProjects() throws {
    let (a, b) = (Self.embedding(7, seed: 1), Self.embedding(5, seed: 2))
    let map = try Self.maps(a, b).map(MapRecipe(.truncated(2))).matrix
    let svd = try SingularValueDecomposition(b.tensor.asDouble)
    var expected = DoubleMatrix(rows: 7, columns: 5)
    let toTokens = a.tensor.asDouble.transposed * svd.left
    for row in 0..<7 {
      for column in 0..<5 {
        expected[row, column] = (0..<2).reduce(0.0) { $0 + toTokens[row, $1] / svd.values[$1] * svd.right[column, $1] }
      }
    }
    expectClose(map.values, expected.values, absolute: 1e-10, relative: 0, "rank 2")
  }

  /// M (G + s I)⁻¹ with s a fraction of the mean eigenvalue: S (G + s I) = M.
  @Test func ridgeSolvesItsEquation() throws {
    let (a, b) = (Self.embedding(4, seed: 3), Self.embedding(6, seed: 4))
    let map = try Self.maps(a, b).map(MapRecipe(.ridge(0.5))).matrix
    let (wA, wB) = (a.tensor.asDouble, b.tensor.asDouble)
    var gram = wB.transposed * wB
    let shift = 0.5 * (0..<6).reduce(0.0) { $0 + gram[$1, $1] } / 6
    for index in 0..<6 { gram[index, index] += shift }
    expectClose((map * gram).values, (wA.transposed * wB).values, absolute: 1e-10, relative: 0, "S (G + sI)")
  }

  @Test func regressionIsTheBestOfAllMaps() throws {
    let (a, b) = (Self.embedding(5, seed: 5), Self.embedding(7, seed: 6))
    let map = try Self.maps(a, b).map(MapRecipe(.regression)).matrix
    // Normal equations: Xᵀ(X S - Y) = 0.
    let (wA, wB) = (a.tensor.asDouble, b.tensor.asDouble)
    var difference = wA * map
    for index in difference.values.indices { difference.values[index] -= wB.values[index] }
    expectClose(
      (wA.transposed * difference).values, [Double](repeating: 0, count: 35), absolute: 1e-10, relative: 0, "residual")
  }

  /// Semi-orthogonal, and no orthogonal map nearby (nor far away) is closer, for d_A below, at and above d_B.
  @Test(arguments: [(4, 6), (5, 5), (7, 4), (9, 2)], [false, true])
  func procrustesIsTheBestRotation(_ sizes: (Int, Int), scaled: Bool) throws {
    let (p, q) = sizes
    let (a, b) = (Self.embedding(p, seed: 7), Self.embedding(q, seed: 8))
    let recipe = MapRecipe(scaled ? .scaledProcrustes : .procrustes)
    let map = try Self.maps(a, b).map(recipe).matrix
    let (wA, wB) = (a.tensor.asDouble, b.tensor.asDouble)
    let small = p <= q ? map * map.transposed : map.transposed * map
    let factor = small[0, 0]
    var unit = DoubleMatrix.identity(min(p, q))
    for index in 0..<min(p, q) { unit[index, index] = scaled ? factor : 1 }
    expectClose(small.values, unit.values, absolute: 1e-9, relative: 0, "semi-orthogonal")
    let best = Self.distance(wA, map, wB)
    var numbers = SeededNumbers(seed: 9)
    for trial in 0..<40 {
      // exp(εK) for a skew K, on either side, by its Cayley transform.
      let size = max(p, q)
      let epsilon = trial < 20 ? 1e-3 : 0.7
      var skew = DoubleMatrix(rows: size, columns: size)
      for row in 0..<size {
        for column in 0..<row {
          skew[row, column] = epsilon * numbers.normal()
          skew[column, row] = -skew[row, column]
        }
      }
      var (plus, minus) = (skew, -1.0 * skew)
      for index in 0..<size {
        plus[index, index] += 1
        minus[index, index] += 1
      }
      let gram = minus.transposed * minus
      let inverse = try PositiveInverse(gram).multipliedFromLeft(by: .identity(size)) * minus.transposed
      let rotation = inverse * plus
      let other = p >= q ? rotation * map : map * rotation
      #expect(Self.distance(wA, other, wB) >= best - 1e-7 * best)
      if scaled { #expect(Self.distance(wA, 1.001 * map, wB) >= best && Self.distance(wA, 0.999 * map, wB) >= best) }
    }
  }

  /// Any orthogonal R between two embeddings is recovered by every map that can (wE_B = wE_A R: S = R).
  @Test(arguments: ["pinv", "regression", "procrustes", "procrustes-scaled", "truncated:6", "centred"])
  func aRotationIsRecovered(_ name: String) throws {
    let a = Self.embedding(6, seed: 10)
    let rotation = try Self.orthogonal(6, seed: 11)
    let map = try Self.maps(a, a.tensor.asDouble * rotation).map(MapRecipe(name))
    expectClose(map.matrix.values, rotation.values, absolute: 1e-5, relative: 0, name)
    expectClose(
      map.offset ?? [0], [Double](repeating: 0, count: map.offset?.count ?? 1), absolute: 1e-5, relative: 0, "b")
  }

  /// The means are mapped onto each other, and about them it is `pinv`.
  @Test func centredCarriesTheMean() throws {
    let (a, b) = (Self.embedding(6, seed: 12), Self.embedding(4, seed: 13))
    let map = try Self.maps(a, b).map(MapRecipe(.centred))
    func mean(_ matrix: DoubleMatrix) -> [Double] {
      (0..<matrix.columns).map { column in
        (0..<matrix.rows).reduce(0.0) { $0 + matrix[$1, column] } / Double(matrix.rows)
      }
    }
    func centred(_ matrix: DoubleMatrix) -> DoubleMatrix {
      let means = mean(matrix)
      var result = matrix
      for index in result.values.indices { result.values[index] -= means[index % matrix.columns] }
      return result
    }
    let (wA, wB) = (a.tensor.asDouble, b.tensor.asDouble)
    let carried = DoubleMatrix(rows: 1, columns: 6, values: mean(wA)) * map.matrix
    expectClose(
      zip(carried.values, map.offset ?? []).map { $0 + $1 }, mean(wB), absolute: 1e-11, relative: 0, "mean")
    // S G_c = M_c about the means.
    let (x, y) = (centred(wA), centred(wB))
    expectClose(
      (map.matrix * (y.transposed * y)).values, (x.transposed * y).values, absolute: 1e-10, relative: 0, "S G")
  }

  /// ‖E_A - S E_B‖ / ‖E_A‖, computed here over the whole vocabulary.
  @Test(arguments: ["pinv", "transpose", "ridge:0.1", "regression"]) func residuals(_ name: String) throws {
    let (a, b) = (Self.embedding(6, seed: 14), Self.embedding(4, seed: 15))
    let maps = try Self.maps(a, b)
    let map = try maps.map(MapRecipe(name))
    let (wA, wB) = (a.tensor.asDouble, b.tensor.asDouble)
    let expected = Self.distance(wB, map.matrix.transposed, wA) / wA.frobeniusNorm
    expectClose([maps.residual(of: map)], [expected], absolute: 1e-9, relative: 0, "residual")
    let values = try SingularValueDecomposition(map.matrix).values
    #expect(try map.condition() == values[0] / values[values.count - 1])
  }

  /// The order of the tokens does not matter when both have the same one.
  @Test(arguments: ["pinv", "regression", "procrustes", "centred", "ridge:0.1"])
  func permutingBothVocabulariesChangesNothing(_ name: String) throws {
    let (a, b) = (Self.embedding(6, seed: 16), Self.embedding(4, seed: 17))
    var generator = SplitMix64(seed: 18)
    let order = generator.permutation(of: Self.rows)
    func permuted(_ matrix: DoubleMatrix) -> DoubleMatrix {
      DoubleMatrix(
        rows: matrix.rows, columns: matrix.columns,
        values: order.flatMap { row in (0..<matrix.columns).map { matrix[row, $0] } })
    }
    let plain = try Self.maps(a, b).map(MapRecipe(name)).matrix.values
    let other = try Self.maps(permuted(a), permuted(b)).map(MapRecipe(name)).matrix.values
    expectClose(other, plain, absolute: 1e-8, relative: 0, name)
  }

  @Test(arguments: ["weighted", "least-squares", "affine", "pinv+norm", "pinv+moments"])
  func textsAreAskedFor(_ name: String) throws {
    let maps = try Self.maps(Self.embedding(3, seed: 1), Self.embedding(3, seed: 2))
    #expect(throws: StitchingError.needsTexts(map: name)) { try maps.map(MapRecipe(name)) }
  }

  @Test func normAndConstantAreApplied() {
    let map = StitchingMap(
      recipe: MapRecipe(.affine, matching: .norm), matrix: DoubleMatrix(rows: 2, columns: 2, values: [1, 0, 0, 2]),
      offset: [1, 0], norm: 10)
    let (h, out) = (FloatBuffer(count: 4), FloatBuffer(count: 4))
    for (index, value) in [2, 2, -1, 0].enumerated() { h.pointer[index] = Float(value) }
    map.apply(h.pointer, rows: 2, into: out.pointer, threads: Threads(1))
    // (2, 2) goes to (3, 4), of norm 5, then to norm 10; (-1, 0) to nothing, which has no direction.
    #expect((0..<4).map { out.pointer[$0] } == [6, 8, 0, 0])
  }
}

extension Tensor {
  /// The numbers as they were rounded, so that both sides start from the same.
  fileprivate var asDouble: DoubleMatrix { DoubleMatrix(rows: rows, columns: columns, values: values.map(Double.init)) }
}
