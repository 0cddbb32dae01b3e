import CVectorMath

/// Row kernels of derivatives, on one row of `count` contiguous numbers.
extension VectorMath {
  /// x = the derivative of `geluErf` at x.
  package static func geluErfSlope(_ x: UnsafeMutablePointer<Float>, count: Int) { cvm_gelu_erf_slope(x, count) }

  /// x = the derivative of `geluTanh` at x.
  package static func geluTanhSlope(_ x: UnsafeMutablePointer<Float>, count: Int) { cvm_gelu_tanh_slope(x, count) }

  /// x = the derivative of `geluSigmoid` at x.
  package static func geluSigmoidSlope(_ x: UnsafeMutablePointer<Float>, count: Int) {
    cvm_gelu_sigmoid_slope(x, count)
  }

  /// x = the derivative of `relu` at x: 1 above 0, else 0.
  package static func reluSlope(_ x: UnsafeMutablePointer<Float>, count: Int) { cvm_relu_slope(x, count) }

  /// x = the derivative of `silu` at x.
  package static func siluSlope(_ x: UnsafeMutablePointer<Float>, count: Int) { cvm_silu_slope(x, count) }

  /// x = the derivative of `tanh` at x.
  package static func tanhSlope(_ x: UnsafeMutablePointer<Float>, count: Int) { cvm_tanh_slope(x, count) }

  /// x *= factor
  package static func multiply(_ x: UnsafeMutablePointer<Float>, by factor: UnsafePointer<Float>, count: Int) {
    cvm_multiply(x, factor, count)
  }

  /// x += a b
  package static func addProduct(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, count: Int
  ) {
    cvm_add_product(x, a, b, count)
  }

  /// Σ a b; sums of 4,096 in Float32, those in Double.
  package static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
    cvm_dot(a, b, count)
  }

  /// x = weights (x - offset). With offset Σ weights x this is the derivative of `softmax` at the row `weights`,
  /// applied to a tangent or a cotangent.
  package static func softmaxDerivative(
    _ x: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>, offset: Float, count: Int
  ) {
    cvm_softmax_derivative(x, weights, offset, count)
  }

  /// y = (x - mean) / √(variance + epsilon), `layerNorm` without gain and shift. `y` may be `x`.
  /// - Returns: 1 / √(variance + epsilon)
  package static func standardize(
    _ x: UnsafePointer<Float>, epsilon: Float, into y: UnsafeMutablePointer<Float>, count: Int
  ) -> Float {
    cvm_standardize(y, x, epsilon, count)
  }

  /// out = after · P(before · v) with P(u) = scale (u - mean(u) - s mean(u s)), the derivative of `standardize` with
  /// result `s` and returned `scale`. P is symmetric: the derivative of a layer norm has the gain as `before` for
  /// cotangents and as `after` for tangents. nil for 1; `out` may be `v`.
  package static func standardizeDerivative(
    _ v: UnsafePointer<Float>, before: UnsafePointer<Float>? = nil, after: UnsafePointer<Float>? = nil,
    standardized: UnsafePointer<Float>, scale: Float, into out: UnsafeMutablePointer<Float>, count: Int
  ) {
    cvm_standardize_derivative(out, v, before, after, standardized, scale, count)
  }

  /// to, [columns, rows], = the transpose of from, [rows, columns]; `stride` numbers from one row to the next.
  package static func transpose(
    _ from: UnsafePointer<Float>, stride fromStride: Int, rows: Int, columns: Int,
    into to: UnsafeMutablePointer<Float>, stride toStride: Int
  ) {
    cvm_transpose(to, toStride, from, fromStride, rows, columns)
  }

  /// The numbers of one step of AdamW, the same for every element.
  package struct AdamWStep: Sendable {
    /// The factor of gradients.
    package var gradientScale: Float
    /// 1 - β₁ and β₂, 1 - β₂
    package var meanRate, squareDecay, squareRate: Float
    /// The factor of an element by weight decay: 1 - rate · decay
    package var keep: Float
    /// rate / (1 - β₁ᵗ)
    package var step: Float
    /// 1 / √(1 - β₂ᵗ)
    package var rootScale: Float
    package var epsilon: Float

    package init(
      gradientScale: Float, meanRate: Float, squareDecay: Float, squareRate: Float, keep: Float, step: Float,
      rootScale: Float, epsilon: Float
    ) {
      self.gradientScale = gradientScale
      self.meanRate = meanRate
      self.squareDecay = squareDecay
      self.squareRate = squareRate
      self.keep = keep
      self.step = step
      self.rootScale = rootScale
      self.epsilon = epsilon
    }
  }

  /// mean += meanRate (g - mean), square = squareDecay · square + squareRate g², with g = gradientScale · gradient; then
  /// x = keep · x - step · mean / (rootScale √square + epsilon).
  package static func adamW(
    _ x: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>, square: UnsafeMutablePointer<Float>,
    gradient: UnsafePointer<Float>, _ step: AdamWStep, count: Int
  ) {
    var numbers = cvm_adamw(
      gradient_scale: step.gradientScale, mean_rate: step.meanRate, square_decay: step.squareDecay,
      square_rate: step.squareRate, keep: step.keep, step: step.step, root_scale: step.rootScale,
      epsilon: step.epsilon)
    cvm_adamw_step(x, mean, square, gradient, &numbers, count)
  }
}
