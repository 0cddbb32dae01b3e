import DenseMath

/// From a hidden state to scores over the vocabulary: the one owner of final norm, BERT's transform, the (usually tied)
/// matrix and the bias. The model's own output, the lens and every projection go through here.
public struct Unembedding: Sendable {
  /// What happens to a hidden state before it meets the matrix.
  public enum Preparation: Sendable {
    /// Nothing: the embedding matrix read backwards, as the projection papers do.
    case none
    /// GPT-2: ln_f.
    case norm(Norm)
    /// BERT's masked-LM head: dense, activation, norm.
    case transform(dense: Linear, activation: Activation, norm: Norm)
  }

  public let preparation: Preparation
  /// [V, d]; the token embedding where the two are tied.
  public let matrix: Tensor
  /// [V]; BERT only.
  public let bias: Tensor?
  /// Whether `matrix` is the token embedding itself.
  public let isTied: Bool

  /// A token embedding as it is, [V, d], without a norm, a transform or a bias.
  public static func embedding(_ wE: Tensor) -> Unembedding {
    Unembedding(preparation: .none, matrix: wE, bias: nil, isTied: true)
  }

  /// V
  public var vocabulary: Int { matrix.rows }

  /// Scores of every vocabulary item for `rows` hidden states.
  /// - Parameters:
  ///   - h: [rows, d], the residual stream (GPT-2: before ln_f).
  ///   - logits: receives [rows, V].
  public func apply(
    _ h: UnsafePointer<Float>, rows: Int, into logits: UnsafeMutablePointer<Float>, workspace: Workspace
  ) {
    let x = workspace.buffer(.normalized, count: rows * matrix.columns).pointer
    prepare(h, rows: rows, into: x, workspace: workspace)
    Linear(weight: matrix, layout: .outputByInput, bias: bias)
      .apply(x, rows: rows, into: logits, threads: workspace.threads, finish: .bias)  // [rows, V]
  }

  /// What meets the matrix: `rows` states after norm or transform, into [rows, d].
  private func prepare(
    _ h: UnsafePointer<Float>, rows: Int, into x: UnsafeMutablePointer<Float>, workspace: Workspace
  ) {
    switch preparation {
    case .norm(let norm):
      norm.apply(h, rows: rows, into: x, threads: workspace.threads)  // [rows, d]
    case .transform(let dense, let activation, let norm):
      dense.apply(h, rows: rows, into: x, threads: workspace.threads, finish: .activation(activation))  // [rows, d]
      norm.apply(x, rows: rows, into: x, threads: workspace.threads)
    case .none:
      x.update(from: h, count: rows * matrix.columns)
    }
  }
}
