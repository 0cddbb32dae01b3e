import DenseMath
import Transformer

/// The value vectors of one block's attention after wO, in Double: T = (X W_V + b_V) W_O for each head (Brunner et al.,
/// "On Identifiability in Transformers", 2020, section 3; there T = E W^V H, without the bias, which is included here).
///
/// The weights are the checkpoint's Float32, and everything from the Float32 residual stream on is Double: a pre-norm
/// block's norm, the value product and T. A rank depends on the smallest singular values, which in Float32 are
/// rounding.
package struct AttentionValues: Sendable {
  /// H
  package let heads: Int
  /// dHead
  package let headSize: Int
  /// Whether a token sees only itself and earlier ones.
  package let isCausal: Bool
  /// The norm before attention; nil in a post-norm model, where attention reads the residual stream itself.
  private let norm: Norm?
  /// [d, d], [d]
  private let wV: DoubleMatrix
  private let bV: [Double]
  /// Each head's rows of wO, [dHead, d].
  private let wO: [DoubleMatrix]
  /// Each head's P diag(σ), [dHead, dHead], of wO = P diag(σ) Qᵀ.
  private let reduced: [DoubleMatrix]

  /// Every block of a checkpoint.
  /// - Throws: `LinearAlgebraError` when a weight is not finite.
  package static func blocks(of model: Model) throws -> [AttentionValues] {
    try model.blocks.map { block in
      try AttentionValues(
        block.wV, output: block.wO, norm: model.traits.normPlacement == .pre ? block.attentionNorm : nil,
        heads: model.dimensions.heads, isCausal: model.traits.isCausal)
    }
  }

  private init(_ value: LinearColumns, output: Linear, norm: Norm?, heads: Int, isCausal: Bool) throws {
    let d = value.columns.count
    let headSize = d / heads
    wV = value.linear.matrix(columns: value.columns)
    bV = value.columns.map { Double(value.linear.bias?[$0] ?? 0) }
    let whole = output.matrix(columns: 0..<d)
    wO = (0..<heads).map { whole.rows($0 * headSize..<($0 + 1) * headSize) }
    reduced = try wO.map { head in
      let parts = try SingularValueDecomposition(head)
      return parts.left.scalingColumns(by: parts.values)
    }
    (self.heads, self.headSize, self.norm, self.isCausal) = (heads, headSize, norm, isCausal)
  }

  /// X W_V + b_V for rows of the block's input residual stream, [rows, d], heads side by side.
  func values(_ residual: UnsafePointer<Float>, rows: Int, stride: Int) -> DoubleMatrix {
    let d = wV.rows
    var x = DoubleMatrix(rows: rows, columns: d)
    for row in 0..<rows {
      for column in 0..<d { x[row, column] = Double(residual[row * stride + column]) }
    }
    if let norm { x.normalizeRows(by: norm) }
    var product = x * wV
    for row in 0..<rows {
      for column in 0..<d { product[row, column] += bV[column] }
    }
    return product
  }

  /// A head's T in coordinates of its own, [rows, dHead]: T Q with the orthonormal Q of wO = P diag(σ) Qᵀ. Products
  /// with it from the left have the norms they have with T, and its singular values and left vectors are T's, without a
  /// decomposition as wide as the model.
  func reducedOutput(_ values: DoubleMatrix, head: Int) -> DoubleMatrix { part(values, head) * reduced[head] }

  /// `weights` T, [weights.rows, d].
  func output(_ weights: DoubleMatrix, _ values: DoubleMatrix, head: Int) -> DoubleMatrix {
    weights * part(values, head) * wO[head]
  }

  private func part(_ values: DoubleMatrix, _ head: Int) -> DoubleMatrix {
    values.columns(head * headSize..<(head + 1) * headSize)
  }
}

extension Linear {
  /// Columns of W, multiplied from the right, [in, columns].
  fileprivate func matrix(columns: Range<Int>) -> DoubleMatrix {
    var result = DoubleMatrix(rows: inputs, columns: columns.count)
    for row in 0..<inputs {
      for (place, column) in columns.enumerated() {
        result[row, place] = Double(
          weight[layout == .inputByOutput ? row * outputs + column : column * inputs + row])
      }
    }
    return result
  }
}

extension DoubleMatrix {
  /// Self times diag(factors).
  func scalingColumns(by factors: [Double]) -> DoubleMatrix {
    var result = self
    for row in 0..<rows {
      for column in 0..<columns { result[row, column] *= factors[column] }
    }
    return result
  }

  /// Layer norm of each row.
  fileprivate mutating func normalizeRows(by norm: Norm) {
    let width = Double(columns)
    for row in 0..<rows {
      let line = row * columns..<(row + 1) * columns
      let mean = values[line].reduce(0, +) / width
      let variance = values[line].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / width
      let scale = 1 / (variance + Double(norm.epsilon)).squareRoot()
      for (column, index) in line.enumerated() {
        values[index] = (values[index] - mean) * scale * Double(norm.gain[column]) + Double(norm.shift[column])
      }
    }
  }
}
