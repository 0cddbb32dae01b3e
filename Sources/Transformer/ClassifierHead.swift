import DenseMath

/// From the last hidden state of a sequence to one score a class.
public struct ClassifierHead: Sendable {
  /// Which vector of the sequence is classified.
  public enum Pooling: Sendable {
    /// BERT: tanh of a dense layer on the first token, [CLS].
    case firstToken(pooler: Linear)
    /// GPT2ForSequenceClassification: the last token that is not `padding` (config.json's `pad_token_id`), the first
    /// one where all are; after ln_f.
    case lastToken(finalNorm: Norm, padding: Int?)
    /// The stitching paper's classifier: the mean over tokens of each token's scores, after ln_f or (the paper's) without.
    case mean(finalNorm: Norm?)
  }

  public let pooling: Pooling
  /// [C, d]
  public let weight: Tensor
  /// [C]
  public let bias: Tensor?

  /// C
  public var classes: Int { weight.rows }

  /// The scores of each sequence of the batch, [sequences][C].
  /// - Parameter h: the residual stream after the last block.
  public func apply(_ h: HiddenState, _ batch: PackedBatch, workspace: Workspace) -> [[Float]] {
    let d = h.width
    let count = batch.sequences.count
    let pooled = FloatBuffer(count: count * d)  // [sequences, d]
    let y = FloatBuffer(count: count * d)
    for (index, sequence) in batch.sequences.enumerated() {
      let out = pooled.pointer + index * d
      switch pooling {
      case .firstToken:
        out.update(from: h.pointer + sequence.lowerBound * d, count: d)
      case .lastToken(let norm, let padding):
        let row = sequence.last { padding != Int(batch.ids[$0]) } ?? sequence.lowerBound
        norm.apply(h.pointer + row * d, rows: 1, into: out, threads: Threads(1))
      case .mean(let norm):
        Self.mean(of: h, sequence, norm: norm, into: out, workspace: workspace)
      }
    }
    var input = pooled.pointer
    if case .firstToken(let pooler) = pooling {
      pooler.apply(input, rows: count, into: y.pointer, threads: workspace.threads, finish: .activation(.tanh))
      input = y.pointer
    }
    let logits = FloatBuffer(count: count * classes)
    Linear(weight: weight, layout: .outputByInput, bias: bias)
      .apply(input, rows: count, into: logits.pointer, threads: Threads(1), finish: .bias)  // [sequences, C]
    return (0..<count).map { Array(UnsafeBufferPointer(start: logits.pointer + $0 * classes, count: classes)) }
  }

  /// The classifier is affine, so the mean of the tokens' scores is the score of their mean; the sum is kept in Double.
  private static func mean(
    of h: HiddenState, _ sequence: Range<Int>, norm: Norm?, into out: UnsafeMutablePointer<Float>, workspace: Workspace
  ) {
    let d = h.width
    var source = UnsafePointer(h.pointer + sequence.lowerBound * d)
    if let norm {
      let x = workspace.buffer(.normalized, count: sequence.count * d).pointer
      norm.apply(source, rows: sequence.count, into: x, threads: workspace.threads)
      source = UnsafePointer(x)
    }
    var sums = [Double](repeating: 0, count: d)
    for row in 0..<sequence.count {
      for column in 0..<d { sums[column] += Double(source[row * d + column]) }
    }
    for column in 0..<d { out[column] = Float(sums[column] / Double(sequence.count)) }
  }
}
