import DenseMath
import Training

/// gelu(x W₁ + b₁) W₂ + b₂ in training, with its exact gradient.
package final class TokenPerceptron {
  /// W₁ [d, hidden], b₁ [hidden], W₂ [hidden, q], b₂ [q].
  package let parameters: [Parameter]
  private let inputs: Int
  private let hidden: Int
  private let outputs: Int

  /// Weights drawn from normal distributions with variance 1 / inputs and 1 / hidden, biases 0.
  package init(inputs: Int, hidden: Int, outputs: Int, seed: UInt64) {
    (self.inputs, self.hidden, self.outputs) = (inputs, hidden, outputs)
    var generator = SplitMix64(seed: seed)
    func draw(_ rows: Int, _ columns: Int) -> Tensor {
      let scale = 1 / Double(max(rows, 1)).squareRoot()
      return Tensor(shape: [rows, columns], (0..<rows * columns).map { _ in Float(scale * generator.normal()) })
    }
    parameters = [
      Parameter(name: "w1", draw(inputs, hidden), decays: true),
      Parameter(name: "b1", Tensor(shape: [hidden], [Float](repeating: 0, count: hidden)), decays: false),
      Parameter(name: "w2", draw(hidden, outputs), decays: true),
      Parameter(name: "b2", Tensor(shape: [outputs], [Float](repeating: 0, count: outputs)), decays: false),
    ]
  }

  /// The mean loss over rows, in Double: 1 - cos(y, t), or |y - t|² / q.
  /// - Parameters:
  ///   - x: [rows, d]
  ///   - targets: [rows, q]
  ///   - addsGradient: whether the loss's gradient is added to that of the parameters.
  package func loss(
    _ x: UnsafePointer<Float>, targets: UnsafePointer<Float>, rows: Int, loss: TokenMap.Loss, addsGradient: Bool,
    threads: Threads
  ) -> Double {
    let (w1, b1, w2, b2) = (parameters[0], parameters[1], parameters[2], parameters[3])
    let before = FloatBuffer(uninitializedCount: rows * hidden)  // x W₁ + b₁
    let after = FloatBuffer(uninitializedCount: rows * hidden)
    Product.multiply(
      MatrixView(x, rows: rows, columns: inputs), MatrixView(w1.values.pointer, rows: inputs, columns: hidden),
      into: MutableMatrixView(before, rows: rows, columns: hidden), threads: threads
    ) { rows, columns in
      for row in rows {
        let start = row * hidden + columns.lowerBound
        VectorMath.add(b1.values.pointer + columns.lowerBound, to: before.pointer + start, count: columns.count)
        (after.pointer + start).update(from: before.pointer + start, count: columns.count)
        VectorMath.geluErf(after.pointer + start, bias: nil, count: columns.count)
      }
    }
    let y = FloatBuffer(uninitializedCount: rows * outputs)
    Product.multiply(
      MatrixView(after.pointer, rows: rows, columns: hidden),
      MatrixView(w2.values.pointer, rows: hidden, columns: outputs),
      into: MutableMatrixView(y, rows: rows, columns: outputs), threads: threads
    ) { rows, columns in
      for row in rows {
        VectorMath.add(
          b2.values.pointer + columns.lowerBound, to: y.pointer + row * outputs + columns.lowerBound,
          count: columns.count)
      }
    }
    var total = 0.0
    for row in 0..<rows {
      total += Self.derive(
        y.pointer + row * outputs, target: targets + row * outputs, count: outputs, loss: loss, rows: rows)
    }
    if addsGradient {
      propagate(x, before: before, after: after, outputGradient: y, rows: rows, threads: threads)
    }
    return total / Double(rows)
  }

  /// The loss of one row; y is overwritten by its gradient, divided by `rows`.
  private static func derive(
    _ y: UnsafeMutablePointer<Float>, target: UnsafePointer<Float>, count: Int, loss: TokenMap.Loss, rows: Int
  ) -> Double {
    switch loss {
    case .l2:
      var sum = 0.0
      for index in 0..<count {
        let difference = Double(y[index]) - Double(target[index])
        sum += difference * difference
        y[index] = Float(2 * difference / Double(count * rows))
      }
      return sum / Double(count)
    case .cosine:
      let (yy, yt, tt) = (
        VectorMath.dot(y, y, count: count), VectorMath.dot(y, target, count: count),
        VectorMath.dot(target, target, count: count)
      )
      guard yy > 0, tt > 0 else {
        y.update(repeating: 0, count: count)
        return 1
      }
      let cosine = yt / (yy * tt).squareRoot()
      // ∂(1 - cos)/∂y = cos y / |y|² - t / (|y| |t|)
      let (own, other) = (cosine / yy / Double(rows), 1 / (yy * tt).squareRoot() / Double(rows))
      for index in 0..<count { y[index] = Float(own * Double(y[index]) - other * Double(target[index])) }
      return 1 - cosine
    }
  }

  private func propagate(
    _ x: UnsafePointer<Float>, before: FloatBuffer, after: FloatBuffer, outputGradient: FloatBuffer, rows: Int,
    threads: Threads
  ) {
    let (w1, b1, w2, b2) = (parameters[0], parameters[1], parameters[2], parameters[3])
    let dy = MatrixView(outputGradient.pointer, rows: rows, columns: outputs)
    Product.multiply(
      MatrixView(after.pointer, rows: rows, columns: hidden).transposed, dy,
      into: MutableMatrixView(w2.gradient.pointer, rows: hidden, columns: outputs), adding: true, threads: threads)
    let hiddenGradient = after  // The activations are no longer needed.
    let dHidden = MutableMatrixView(hiddenGradient, rows: rows, columns: hidden)
    Product.multiply(
      dy, MatrixView(w2.values.pointer, rows: hidden, columns: outputs).transposed, into: dHidden, threads: threads
    ) { rows, columns in
      for row in rows {
        let start = row * hidden + columns.lowerBound
        VectorMath.geluErfSlope(before.pointer + start, count: columns.count)
        VectorMath.multiply(hiddenGradient.pointer + start, by: before.pointer + start, count: columns.count)
      }
    }
    Product.multiply(
      MatrixView(x, rows: rows, columns: inputs).transposed, MatrixView(dHidden),
      into: MutableMatrixView(w1.gradient.pointer, rows: inputs, columns: hidden), adding: true, threads: threads)
    for row in 0..<rows {
      VectorMath.add(outputGradient.pointer + row * outputs, to: b2.gradient.pointer, count: outputs)
      VectorMath.add(hiddenGradient.pointer + row * hidden, to: b1.gradient.pointer, count: hidden)
    }
  }
}
