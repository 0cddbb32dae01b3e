import DenseMath

/// A function applied to each number between two products.
public enum Activation: String, Sendable, CaseIterable {
  /// 0.5 x (1 + erf(x / sqrt 2)): BERT's "gelu", also "gelu_python".
  case geluErf
  /// The tanh form: GPT-2's "gelu_new". Hugging Face's "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh" and
  /// "gelu_python_tanh" are the same function.
  case geluTanh
  /// x sigmoid(1.702 x): "quick_gelu".
  case geluSigmoid
  case relu
  /// x sigmoid(x): "silu", also "swish".
  case silu
  case tanh

  /// The activation that config.json calls `name`; nil for one that is not supported.
  public init?(named name: String) {
    switch name {
    case "gelu", "gelu_python": self = .geluErf
    case "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh": self = .geluTanh
    case "quick_gelu": self = .geluSigmoid
    case "relu": self = .relu
    case "silu", "swish": self = .silu
    case "tanh": self = .tanh
    default: return nil
    }
  }

  /// The names `init(named:)` knows.
  public static let names = [
    "gelu", "gelu_python", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh",
    "quick_gelu", "relu", "silu", "swish", "tanh",
  ]

  /// x = activation(x + bias) in place on `count` numbers.
  public func apply(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    switch self {
    case .geluErf: VectorMath.geluErf(x, bias: bias, count: count)
    case .geluTanh: VectorMath.geluTanh(x, bias: bias, count: count)
    case .geluSigmoid: VectorMath.geluSigmoid(x, bias: bias, count: count)
    case .relu: VectorMath.relu(x, bias: bias, count: count)
    case .silu: VectorMath.silu(x, bias: bias, count: count)
    case .tanh: VectorMath.tanh(x, bias: bias, count: count)
    }
  }
}

/// y = x W + b. PyTorch's Linear stores W as [out, in], GPT-2's Conv1D as [in, out].
public struct Linear: Sendable {
  /// Which axis of the stored weight is which.
  public enum Layout: Sendable { case inputByOutput, outputByInput }

  /// [in, out] or [out, in], as `layout` says.
  public let weight: Tensor
  /// Which axis of `weight` is which.
  public let layout: Layout
  /// [out]
  public let bias: Tensor?
  /// The weight as products read it, where a file has it; made when it has been used a few times.
  private let kept: KeptFactor?

  /// A layer over weights as they are stored.
  public init(weight: Tensor, layout: Layout, bias: Tensor?) {
    self.weight = weight
    self.layout = layout
    self.bias = bias?.inMemory
    kept = KeptFactor(weight, isTransposed: layout == .outputByInput)
  }

  /// Numbers per input row.
  public var inputs: Int { layout == .inputByOutput ? weight.rows : weight.columns }
  /// Numbers per output row.
  public var outputs: Int { layout == .inputByOutput ? weight.columns : weight.rows }
  /// W, [in, out]
  package var matrix: MatrixView {
    layout == .inputByOutput ? MatrixView(weight) : MatrixView(weight).transposed
  }

  enum Finish { case nothing, bias, activation(Activation) }

  /// y = x W in the precision of the workspace, then, block by block, nothing, the bias, or bias and activation.
  /// - Parameters:
  ///   - x: [rows, in]
  ///   - y: [rows, out]
  ///   - outputs: the columns of W to multiply with; nil for all.
  func apply(
    _ x: MatrixView, into y: MutableMatrixView, outputs: Range<Int>? = nil, workspace: Workspace, finish: Finish
  ) {
    let rounding =
      workspace.precision == .bfloat16
      ? workspace.buffer(.rounded, count: RoundedRows.size(rows: x.rows, columns: inputs)) : nil
    apply(x, into: y, outputs: outputs, rounding: rounding, threads: workspace.threads, finish: finish)
  }

  /// The same, in Float32 unless there is memory for rounded numbers.
  func apply(
    _ x: MatrixView, into y: MutableMatrixView, outputs: Range<Int>? = nil, rounding: FloatBuffer? = nil,
    threads: Threads, finish: Finish
  ) {
    let outputs = outputs ?? 0..<self.outputs
    Product.multiply(
      x, matrix[columns: outputs], into: y, rounding: rounding,
      kept: kept.map { KeptColumns($0, from: outputs.lowerBound) }, threads: threads
    ) { rows, columns in
      for row in rows {
        let start = y.pointer(row, columns.lowerBound)
        let shift = bias.map { $0.pointer + outputs.lowerBound + columns.lowerBound }
        switch finish {
        case .nothing: return
        case .bias: if let shift { VectorMath.add(shift, to: start, count: columns.count) }
        case .activation(let activation): activation.apply(start, bias: shift, count: columns.count)
        }
      }
    }
  }
}

/// Layer norm: y = (x - mean) / sqrt(variance + epsilon) gain + shift over the hidden axis.
public struct Norm: Sendable {
  /// [d]
  public let gain: Tensor
  /// [d]
  public let shift: Tensor
  /// Added to the variance.
  public let epsilon: Float

  /// A norm with its weights.
  public init(gain: Tensor, shift: Tensor, epsilon: Float) {
    self.gain = gain.inMemory
    self.shift = shift.inMemory
    self.epsilon = epsilon
  }

  /// Normalises `rows` rows of x into y, which may be x.
  func apply(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, threads: Threads) {
    apply(x, into: MutableMatrixView(y, rows: rows, columns: gain.count), threads: threads)
  }

  /// Normalises contiguous rows of x into those of y.
  func apply(_ x: UnsafePointer<Float>, into y: MutableMatrixView, threads: Threads) {
    threads.runRows(y.rows) { row in
      VectorMath.layerNorm(
        x + row * y.columns, gain: gain.pointer, shift: shift.pointer, epsilon: epsilon, into: y.pointer(row, 0),
        count: y.columns)
    }
  }
}
