import DenseMath
import Transformer

// Derivatives of the layers that blocks and heads share. `pullBack` takes cotangents (gradients of some outputs) to the
// input and adds to the gradients of the weights; `pushForward` takes tangents (small changes) to the output.

extension Linear {
  /// y = x W + b: dx = dy Wᵀ, or dx + dy Wᵀ when `adding`; dW += xᵀ dy, db += Σ dy.
  /// - Parameters:
  ///   - dy: [rows, out], rows `stride` apart.
  ///   - x: [rows, in]; read only where `gradients` has the weight.
  ///   - dx: [rows, in]
  ///   - activation: the one that computed x; dx is taken through its derivative while it is in the cache.
  func pullBack(
    _ dy: UnsafePointer<Float>, stride: Int? = nil, rows: Int, input x: UnsafePointer<Float>, adding: Bool = false,
    into dx: UnsafeMutablePointer<Float>, through activation: ActivationDerivative? = nil, gradients: Gradients,
    threads: Threads
  ) {
    let slopes = MatrixView(dy, rows: rows, columns: outputs, stride: stride)
    Product.multiply(
      slopes, matrix.transposed, into: MutableMatrixView(dx, rows: rows, columns: inputs), adding: adding,
      threads: threads
    ) { rows, columns in activation?.apply(dx, rows: rows, columns: columns) }
    if let sum = gradients[weight] {
      // In the layout of the weight: xᵀ dy, or dyᵀ x.
      let x = MatrixView(x, rows: rows, columns: inputs)
      let (left, right) = layout == .inputByOutput ? (x, slopes) : (slopes, x)
      Product.multiply(
        left.transposed, right, into: MutableMatrixView(sum, rows: left.columns, columns: right.columns), adding: true,
        threads: threads)
    }
    if let bias, let sum = gradients[bias] {
      threads.runColumns(outputs) { columns in
        for row in 0..<rows {
          VectorMath.add(
            dy + row * slopes.stride + columns.lowerBound, to: sum + columns.lowerBound, count: columns.count)
        }
      }
    }
  }

  /// dy = dx W, [rows, out], rows `stride` apart; then through the derivative of `activation` with y as its input.
  func pushForward(
    _ dx: UnsafePointer<Float>, rows: Int, adding: Bool = false, into dy: UnsafeMutablePointer<Float>,
    stride: Int? = nil, through activation: ActivationDerivative? = nil, threads: Threads
  ) {
    Product.multiply(
      MatrixView(dx, rows: rows, columns: inputs), matrix,
      into: MutableMatrixView(dy, rows: rows, columns: outputs, stride: stride), adding: adding, threads: threads
    ) { rows, columns in activation?.apply(dy, rows: rows, columns: columns) }
  }
}

/// A layer norm on the rows of one batch.
struct NormDerivative {
  let norm: Norm
  /// The rows before gain and shift, [T, d].
  let standardized: FloatBuffer
  /// 1 / √(variance + epsilon), [T].
  let scales: FloatBuffer
  /// T
  let rows: Int

  private var width: Int { norm.gain.count }

  /// - Parameter x: [T, d], the input of the norm; becomes the standardized rows.
  init(_ norm: Norm, at x: FloatBuffer, rows: Int, threads: Threads) {
    self.norm = norm
    self.rows = rows
    standardized = x
    let (width, scales) = (norm.gain.count, FloatBuffer(uninitializedCount: rows))
    threads.runRows(rows) { row in
      let place = x.pointer + row * width
      scales.pointer[row] = VectorMath.standardize(place, epsilon: norm.epsilon, into: place, count: width)
    }
    self.scales = scales
  }

  /// - Parameters:
  ///   - dy: [count, T, d]
  ///   - dx: [count, T, d]; may be dy.
  func pullBack(
    _ dy: UnsafePointer<Float>, count: Int = 1, into dx: UnsafeMutablePointer<Float>, gradients: Gradients,
    threads: Threads
  ) {
    if let sum = gradients[norm.gain] {
      threads.runColumns(width) { columns in
        for row in 0..<rows {
          let start = row * width + columns.lowerBound
          VectorMath.addProduct(
            dy + start, standardized.pointer + start, to: sum + columns.lowerBound, count: columns.count)
        }
      }
    }
    if let sum = gradients[norm.shift] {
      threads.runColumns(width) { columns in
        for row in 0..<rows {
          VectorMath.add(dy + row * width + columns.lowerBound, to: sum + columns.lowerBound, count: columns.count)
        }
      }
    }
    threads.runRows(count * rows) { row in
      VectorMath.standardizeDerivative(
        dy + row * width, before: norm.gain.pointer, standardized: standardized.pointer + row % rows * width,
        scale: scales.pointer[row % rows], into: dx + row * width, count: width)
    }
  }

  /// - Parameters: as for `pullBack`, with input and output exchanged.
  func pushForward(
    _ dx: UnsafePointer<Float>, count: Int, into dy: UnsafeMutablePointer<Float>, threads: Threads
  ) {
    threads.runRows(count * rows) { row in
      VectorMath.standardizeDerivative(
        dx + row * width, after: norm.gain.pointer, standardized: standardized.pointer + row % rows * width,
        scale: scales.pointer[row % rows], into: dy + row * width, count: width)
    }
  }
}

/// An activation on the rows of one batch: tangents and cotangents are multiplied by its slopes.
struct ActivationDerivative {
  /// [T, dFF]
  let slopes: FloatBuffer
  let rows: Int
  let width: Int

  /// - Parameter x: [T, dFF], the input of the activation; becomes the slopes.
  init(_ activation: Activation, at x: FloatBuffer, rows: Int, width: Int, threads: Threads) {
    slopes = x
    self.rows = rows
    self.width = width
    threads.runRows(rows) { row in activation.slope(x.pointer + row * width, count: width) }
  }

  /// dx *= slopes in a block of dx, [count T, dFF].
  func apply(_ dx: UnsafeMutablePointer<Float>, rows block: Range<Int>, columns: Range<Int>) {
    for row in block {
      VectorMath.multiply(
        dx + row * width + columns.lowerBound, by: slopes.pointer + row % rows * width + columns.lowerBound,
        count: columns.count)
    }
  }
}

extension Activation {
  /// x = activation'(x) in place on `count` numbers.
  package func slope(_ x: UnsafeMutablePointer<Float>, count: Int) {
    switch self {
    case .geluErf: VectorMath.geluErfSlope(x, count: count)
    case .geluTanh: VectorMath.geluTanhSlope(x, count: count)
    case .geluSigmoid: VectorMath.geluSigmoidSlope(x, count: count)
    case .relu: VectorMath.reluSlope(x, count: count)
    case .silu: VectorMath.siluSlope(x, count: count)
    case .tanh: VectorMath.tanhSlope(x, count: count)
    }
  }
}

extension Threads {
  /// Calls `body` with ranges of columns, so that each thread sums its own columns, down the rows in order.
  func runColumns(_ columns: Int, _ body: (Range<Int>) -> Void) {
    let parts = ranges(of: columns, granularity: 16)
    run(parts.count) { part, _ in body(parts[part]) }
  }

  /// x += y for `rows` rows of `width` numbers.
  func add(_ y: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, rows: Int, width: Int) {
    runRows(rows) { row in VectorMath.add(y + row * width, to: x + row * width, count: width) }
  }
}
