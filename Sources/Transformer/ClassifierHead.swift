import DenseMath

/// From the last hidden state of a sequence to one score per class.
public struct ClassifierHead: Sendable {
  /// Which vector of the sequence is classified.
  public enum Pooling: Sendable {
    /// BERT and RoBERTa: tanh of a dense layer on the first token, `[CLS]` or `<s>`; DistilBERT: ReLU of one.
    case firstToken(dense: Linear, activation: FirstTokenActivation)
    /// GPT2ForSequenceClassification: the last token that is not `padding` (config.json's `pad_token_id`), the first
    /// one where all are; after ln_f.
    case lastToken(finalNorm: Norm, padding: Int?)
    /// The stitching paper's classifier: the mean of the tokens' scores, after ln_f or (the paper's) without.
    case mean(finalNorm: Norm?)
  }

  /// The activations of a first token's dense layer, both of which have a derivative that their value tells.
  public enum FirstTokenActivation: Sendable {
    case tanh, relu

    var activation: Activation {
      switch self {
      case .tanh: .tanh
      case .relu: .relu
      }
    }
  }

  /// Which vector of the sequence is classified.
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
    let features = features(h, batch, workspace: workspace)
    let count = batch.sequences.count
    let logits = FloatBuffer(count: count * classes)
    linear.apply(
      MatrixView(features.pointer, rows: count, columns: linear.inputs),
      into: MutableMatrixView(logits, rows: count, columns: classes),  // [sequences, C]
      threads: Threads(1), finish: .bias)
    return (0..<count).map { Array(UnsafeBufferPointer(start: logits.pointer + $0 * classes, count: classes)) }
  }

  /// The layer after `pooling`: scores are `weight` times the feature plus `bias`.
  public var linear: Linear { Linear(weight: weight, layout: .outputByInput, bias: bias) }

  /// The vector of each sequence that is scored, after the dense layer or the final norm: [sequences, d].
  public func features(_ h: HiddenState, _ batch: PackedBatch, workspace: Workspace) -> FloatBuffer {
    let d = h.width
    let count = batch.sequences.count
    let pooled = FloatBuffer(count: count * d)
    for (index, sequence) in batch.sequences.enumerated() {
      let out = pooled.pointer + index * d
      switch pooling {
      case .firstToken:
        out.update(from: h.pointer + sequence.lowerBound * d, count: d)
      case .lastToken(let norm, let padding):
        let row = Self.lastRow(of: sequence, batch, padding: padding)
        norm.apply(h.pointer + row * d, rows: 1, into: out, threads: Threads(1))
      case .mean(let norm):
        Self.mean(of: h, sequence, norm: norm, into: out, workspace: workspace)
      }
    }
    guard case .firstToken(let dense, let activation) = pooling else { return pooled }
    let features = FloatBuffer(count: count * d)
    dense.apply(
      MatrixView(pooled.pointer, rows: count, columns: d), into: MutableMatrixView(features, rows: count, columns: d),
      threads: workspace.threads, finish: .activation(activation.activation))
    return features
  }

  /// The rows of a batch that are read, ascending; nil for all.
  package func rowsRead(of batch: PackedBatch) -> [Int]? {
    switch pooling {
    case .firstToken: batch.sequences.map(\.lowerBound)
    case .lastToken(_, let padding): batch.sequences.map { Self.lastRow(of: $0, batch, padding: padding) }
    case .mean: nil
    }
  }

  /// The row of the last token that is not `padding`; the first one where all are.
  public static func lastRow(of sequence: Range<Int>, _ batch: PackedBatch, padding: Int?) -> Int {
    sequence.last { padding != Int(batch.ids[$0]) } ?? sequence.lowerBound
  }

  /// The classifier is affine, so the mean of the tokens' scores is the score of their mean, which is summed in Double.
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
