import DenseMath

/// g: from a hidden state to its token's input, hidden state 0 (Brunner et al., "On Identifiability in Transformers",
/// 2020, section 4).
package struct TokenMap: Sendable {
  package enum Kind: String, CaseIterable, Sendable, Encodable {
    /// The unmodified hidden state.
    case identity
    /// h W + b in closed form.
    case linear
    /// gelu(h W₁ + b₁) W₂ + b₂, trained.
    case mlp
  }

  /// What a map is fitted to, and how the nearest input is then found.
  package enum Loss: String, CaseIterable, Sendable {
    /// 1 minus the cosine of map and input. The linear map is a least-squares fit to inputs of mean length.
    case cosine
    /// The squared distance.
    case l2
  }

  /// One product with its bias, optionally followed by GELU.
  struct Step: Sendable {
    /// [in, out]
    let weight: Tensor
    /// [out]
    let bias: Tensor
    let hasActivation: Bool
  }

  package let kind: Kind
  let steps: [Step]

  package static let identity = TokenMap(kind: .identity, steps: [])

  init(kind: Kind, steps: [Step]) {
    self.kind = kind
    self.steps = steps
  }

  /// Ridge regression of inputs on hidden states, (C_hh + λ I)⁻¹ C_hx with the covariances of `moments` and λ = `ridge`
  /// times the mean variance of the features.
  /// - Throws: `LinearAlgebraError` when a moment is not finite.
  package static func linear(_ moments: PairedMoments, ridge: Double) throws -> TokenMap {
    let covariances = moments.covariances
    var gram = covariances.xx
    let p = gram.rows
    let trace = (0..<p).reduce(0.0) { $0 + gram[$1, $1] }
    for index in 0..<p { gram[index, index] += ridge * trace / Double(max(p, 1)) }
    let weights = try PositiveInverse(gram).multipliedFromLeft(by: covariances.xy.transposed).transposed  // [p, q]
    let (meanX, meanY) = (moments.meanX, moments.meanY)
    let shift = DoubleMatrix(rows: 1, columns: p, values: meanX) * weights
    let bias = meanY.indices.map { Float(meanY[$0] - shift[0, $0]) }
    return TokenMap(
      kind: .linear,
      steps: [Step(weight: weights.tensor, bias: Tensor(shape: [bias.count], bias), hasActivation: false)])
  }

  /// g of `rows` hidden states, [rows, d].
  package func apply(_ states: UnsafePointer<Float>, rows: Int, width: Int, threads: Threads) -> FloatBuffer {
    var current = FloatBuffer(uninitializedCount: rows * width)
    current.pointer.update(from: states, count: rows * width)
    for step in steps {
      let (k, n) = (step.weight.rows, step.weight.columns)
      let next = FloatBuffer(uninitializedCount: rows * n)
      let out = MutableMatrixView(next, rows: rows, columns: n)
      Product.multiply(
        MatrixView(current.pointer, rows: rows, columns: k), MatrixView(step.weight), into: out, threads: threads
      ) { rows, columns in
        for row in rows {
          let start = out.pointer(row, columns.lowerBound)
          let bias = step.bias.pointer + columns.lowerBound
          if step.hasActivation {
            VectorMath.geluErf(start, bias: bias, count: columns.count)
          } else {
            VectorMath.add(bias, to: start, count: columns.count)
          }
        }
      }
      current = next
    }
    return current
  }
}
