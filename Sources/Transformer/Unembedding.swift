import DenseMath

/// From a hidden state to scores over the vocabulary: the only place of final norm, BERT's transform, the (usually
/// tied) matrix and the bias. The model's own output, the lens and every projection use it.
public struct Unembedding: Sendable {
  /// What is applied to a hidden state before the matrix.
  public enum Preparation: Sendable {
    /// Nothing: the transposed embedding, as in the projection papers.
    case none
    /// GPT-2: ln_f.
    case norm(Norm)
    /// BERT's masked-LM head: dense, activation, norm.
    case transform(dense: Linear, activation: Activation, norm: Norm)
  }

  /// What is applied to a hidden state before the matrix.
  public let preparation: Preparation
  /// [V, d]; the token embedding where the two are tied.
  public let matrix: Tensor
  /// [V]; BERT only.
  public let bias: Tensor?
  /// Whether `matrix` is the token embedding itself.
  public let isTied: Bool
  private let linear: Linear

  init(preparation: Preparation, matrix: Tensor, bias: Tensor?, isTied: Bool) {
    (self.preparation, self.matrix, self.bias, self.isTied) = (preparation, matrix, bias, isTied)
    linear = Linear(weight: matrix, layout: .outputByInput, bias: bias)
  }

  /// A token embedding alone, [V, d], without norm, transform or bias.
  public static func embedding(_ wE: Tensor) -> Unembedding {
    Unembedding(preparation: .none, matrix: wE, bias: nil, isTied: true)
  }

  /// V
  public var vocabulary: Int { matrix.rows }

  /// The head over some vocabulary items alone, in this order: the same scores, bit for bit.
  /// - Precondition: ids of the vocabulary.
  package func restricted(to ids: [Int32]) -> Unembedding {
    let width = matrix.columns
    let rows = ids.flatMap { UnsafeBufferPointer(start: matrix.pointer + Int($0) * width, count: width) }
    return Unembedding(
      preparation: preparation, matrix: Tensor(shape: [ids.count, width], rows),
      bias: bias.map { bias in Tensor(shape: [ids.count], ids.map { bias[Int($0)] }) }, isTied: false)
  }

  /// Scores of every vocabulary item for `rows` hidden states. For top tokens of many states see `topTokens`.
  /// - Parameters:
  ///   - h: [rows, d], the residual stream (GPT-2: before ln_f).
  ///   - logits: receives [rows, V].
  public func apply(
    _ h: UnsafePointer<Float>, rows: Int, into logits: UnsafeMutablePointer<Float>, workspace: Workspace
  ) {
    let x = MutableMatrixView(
      workspace.buffer(.normalized, count: rows * matrix.columns), rows: rows, columns: matrix.columns)
    prepare(h, into: x, workspace: workspace)
    linear.apply(
      MatrixView(x), into: MutableMatrixView(logits, rows: rows, columns: vocabulary), workspace: workspace,
      finish: .bias)  // [rows, V]
  }

  /// The input of the matrix: states after norm or transform, into [rows, d].
  private func prepare(_ h: UnsafePointer<Float>, into x: MutableMatrixView, workspace: Workspace) {
    switch preparation {
    case .norm(let norm):
      norm.apply(h, into: x, threads: workspace.threads)  // [rows, d]
    case .transform(let dense, let activation, let norm):
      dense.apply(
        MatrixView(h, rows: x.rows, columns: x.columns), into: x, workspace: workspace,
        finish: .activation(activation))  // [rows, d]
      norm.apply(x.pointer, into: x, threads: workspace.threads)
    case .none:
      x.pointer.update(from: h, count: x.rows * x.columns)
    }
  }
}

extension Unembedding {
  /// Rows of scores computed at a time, which bounds the memory for scores.
  private static let rowsAtATime = 128

  /// Scores of every vocabulary item for each row of `x`, [n, d], passed to `body` row by row on several threads. No
  /// bit depends on which rows are computed together.
  /// - Parameter body: gets the row and its scores, [V], which it may write to.
  package func withScores(
    of x: Tensor, threads: Threads, _ body: (_ row: Int, _ scores: UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(x.columns == matrix.columns, "vectors of \(x.columns) numbers for a head of \(matrix.columns)")
    let workspace = Workspace(threads: threads)
    let most = min(Self.rowsAtATime, x.rows)
    let scores = FloatBuffer(uninitializedCount: most * vocabulary)
    for start in stride(from: 0, to: x.rows, by: max(1, most)) {
      let count = min(most, x.rows - start)
      apply(x.pointer + start * x.columns, rows: count, into: scores.pointer, workspace: workspace)
      threads.run(count) { row, _ in body(start + row, scores.pointer + row * vocabulary) }
    }
  }

  /// The k vocabulary items that each row of `x`, [n, d], scores highest, best first, ties by id.
  package func topTokens(of x: Tensor, _ k: Int, threads: Threads) -> [[ScoredID]] {
    var found = [[ScoredID]](repeating: [], count: x.rows)
    found.withUnsafeMutableBufferPointer { out in
      // Each task writes its own element.
      nonisolated(unsafe) let out = out
      withScores(of: x, threads: threads) { row, scores in out[row] = TopK.highest(k, of: scores, count: vocabulary) }
    }
    return found
  }
}
