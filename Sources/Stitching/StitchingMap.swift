import DenseMath

/// A map from A's hidden states to B's, h_B = h_A S + b, computed by a recipe; from several levels h_A is those states of A
/// side by side.
///
/// Dar et al., section 5 of "Analyzing Transformers in Embedding Space": a state of A is read as scores over the vocabulary
/// and written into B by a right inverse of B's embedding.
public struct StitchingMap: Sendable {
  /// What identifies a map: a recipe's draw at every cut, or at one where it depends on that.
  struct Key: Hashable {
    private let recipe: MapRecipe
    private let draw: Int
    private let cut: StitchCut?

    init(_ recipe: MapRecipe, draw: Int, cut: StitchCut) {
      self.recipe = recipe
      self.draw = draw
      self.cut = recipe.dependsOnCut ? cut : nil
    }
  }

  /// The recipe of the map.
  public let recipe: MapRecipe
  /// For `auto`, the recipe that was chosen.
  public let chosen: MapRecipe?
  /// Which draw of a seeded map; 0 for the others.
  public let draw: Int
  /// S in Double, [d_A, d_B]; d_A rows for each level.
  public let matrix: DoubleMatrix
  /// b, [d_B]; nil for none.
  public let offset: [Double]?
  /// The norm to which every mapped state is scaled; nil for no scaling.
  public let norm: Double?
  /// For a map from several levels, the ridge that was chosen (`Seam.ridges`); nil for the others.
  package let ridge: Double?
  /// For `auto`, the mean KL(B ‖ stitched) of the classifier's answers by which it was chosen, in nats.
  package let divergence: Double?
  /// S rounded to Float32, which multiplies states.
  package let tensor: Tensor

  /// - Parameters:
  ///   - matrix: [levels · d_A, d_B]
  ///   - offset: [d_B]
  ///   - norm: to which every mapped state is scaled.
  ///   - chosen: for `auto`, the chosen recipe.
  package init(
    recipe: MapRecipe, draw: Int = 0, matrix: DoubleMatrix, offset: [Double]? = nil, norm: Double? = nil,
    ridge: Double? = nil, chosen: MapRecipe? = nil, divergence: Double? = nil
  ) {
    precondition(offset.map { $0.count == matrix.columns } ?? true, "a constant of another width than the map")
    self.recipe = recipe
    self.chosen = chosen
    self.draw = draw
    self.matrix = matrix
    self.offset = offset
    self.norm = norm
    self.ridge = ridge
    self.divergence = divergence
    tensor = matrix.tensor
  }

  /// The states of A that it reads.
  public var levels: MapLevels { (chosen ?? recipe).levels }

  /// out = h S + b, each row rescaled where a norm is given.
  /// - Parameters:
  ///   - h: [rows, levels · d_A]
  ///   - out: receives [rows, d_B]
  package func apply(
    _ h: UnsafePointer<Float>, rows: Int, into out: UnsafeMutablePointer<Float>, threads: Threads
  ) {
    let width = matrix.columns
    let constant = offset.map { $0.map { Float($0) } }
    Product.multiply(
      MatrixView(h, rows: rows, columns: matrix.rows), MatrixView(tensor),
      into: MutableMatrixView(out, rows: rows, columns: width), threads: threads
    ) { rows, columns in
      guard let constant else { return }
      for row in rows {
        for column in columns { out[row * width + column] += constant[column] }
      }
    }
    guard let norm else { return }
    for row in 0..<rows {
      let state = out + row * width
      let length = (0..<width).reduce(0.0) { $0 + Double(state[$1]) * Double(state[$1]) }.squareRoot()
      guard length > 0 else { continue }
      let scale = Float(norm / length)
      for column in 0..<width { state[column] *= scale }
    }
  }

  /// The largest singular value of S over the smallest of its min(d_A, d_B).
  /// - Throws: `LinearAlgebraError`.
  package func condition() throws -> Double {
    let values = try SingularValueDecomposition(matrix).values
    guard let largest = values.first, let smallest = values.last, smallest > 0 else { return .infinity }
    return largest / smallest
  }
}
