import DenseMath

/// argmin ‖X S - Y‖_F over semi-orthogonal S [p, q], from the products XᵀX and XᵀY alone.
///
/// For p <= q (S Sᵀ = I) the length of X S does not depend on S, and S = U Vᵀ with XᵀY = U Σ Vᵀ (Schönemann 1966). For p > q
/// (Sᵀ S = I) there is no closed form: S is completed to an orthogonal [S, S₂], whose second part has X S₂ as its target, and
/// the orthogonal problem is solved again until it stays (Green and Gower 1979; Gower and Dijksterhuis, "Procrustes
/// Problems", 5.1). Every step lowers the residual.
struct Procrustes {
  /// XᵀX, [p, p].
  let gram: DoubleMatrix
  /// XᵀY, [p, q].
  let cross: DoubleMatrix

  /// The most steps of the iteration, and the relative decrease of the objective that ends it.
  private static let (mostSteps, tolerance) = (200, 1e-10)

  /// - Throws: `LinearAlgebraError`.
  func rotation() throws -> DoubleMatrix { try solve(scaled: false).rotation }

  /// c S with the factor c that makes the residual smallest.
  /// - Throws: `LinearAlgebraError`.
  func scaledRotation() throws -> DoubleMatrix {
    let (rotation, scale) = try solve(scaled: true)
    return scale * rotation
  }

  private func solve(scaled: Bool) throws -> (rotation: DoubleMatrix, scale: Double) {
    let (p, q) = (cross.rows, cross.columns)
    guard p > q else {
      let rotation = try Self.polar(cross)
      return (rotation, scaled ? scale(of: rotation) : 1)
    }
    var whole = try Self.polar(extended(by: DoubleMatrix(rows: p, columns: p - q)))
    var rotation = whole.columns(0..<q)
    var scale = scaled ? self.scale(of: rotation) : 1
    var objective = self.objective(rotation, scale: scale)
    for _ in 0..<Self.mostSteps {
      // The target of c X S₂ is itself: in products with X, cross against c XᵀX S₂.
      whole = try Self.polar(extended(by: scale * (gram * whole.columns(q..<p))))
      rotation = whole.columns(0..<q)
      if scaled { scale = self.scale(of: rotation) }
      let next = self.objective(rotation, scale: scale)
      defer { objective = next }
      if abs(objective - next) <= Self.tolerance * abs(next) { break }
    }
    return (rotation, scale)
  }

  /// U Vᵀ.
  private static func polar(_ matrix: DoubleMatrix) throws -> DoubleMatrix {
    let svd = try SingularValueDecomposition(matrix)
    return svd.left * svd.right.transposed
  }

  /// [cross, target], [p, p].
  private func extended(by target: DoubleMatrix) -> DoubleMatrix {
    let (p, q) = (cross.rows, cross.columns)
    var result = DoubleMatrix(rows: p, columns: p)
    for row in 0..<p {
      for column in 0..<p { result[row, column] = column < q ? cross[row, column] : target[row, column - q] }
    }
    return result
  }

  /// ⟨S, XᵀY⟩ / ‖X S‖².
  private func scale(of rotation: DoubleMatrix) -> Double {
    let length = (gram * rotation).inner(rotation)
    return length > 0 ? rotation.inner(cross) / length : 1
  }

  /// ‖c X S - Y‖² minus ‖Y‖².
  func objective(_ rotation: DoubleMatrix, scale: Double) -> Double {
    scale * scale * (gram * rotation).inner(rotation) - 2 * scale * rotation.inner(cross)
  }
}
