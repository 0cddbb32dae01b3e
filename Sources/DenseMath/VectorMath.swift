import CVectorMath

/// The row kernels between matrix products, on one row of `count` contiguous numbers, vectorised for the processor.
///
/// Rows may have any length, also 0, and any alignment; those aligned to 64 bytes are up to 1.7 times as fast. Pointers
/// called `into` and `x` may be the same; others must not overlap. An element of an elementwise function has the same
/// bits for any index and row length. NaN gives NaN. An exponential that would be subnormal counts as 0.
package enum VectorMath {
  /// x += bias
  package static func add(_ bias: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, count: Int) {
    cvm_add(x, bias, size(count))
  }

  /// x = (x + bias) + residual
  package static func add(
    bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, count: Int
  ) {
    cvm_bias_residual(x, bias, residual, size(count))
  }

  /// x = gelu(x + bias) with gelu(v) = v (1 + erf(v / √2)) / 2: BERT's "gelu".
  package static func geluErf(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    cvm_bias_gelu_erf(x, bias, size(count))
  }

  /// x = gelu(x + bias) with gelu(v) = v (1 + tanh(√(2/π) (v + 0.044715 v³))) / 2: GPT-2's "gelu_new".
  package static func geluTanh(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    cvm_bias_gelu_tanh(x, bias, size(count))
  }

  /// x = gelu(x + bias) with gelu(v) = v / (1 + exp(-1.702 v)): "quick_gelu".
  package static func geluSigmoid(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    cvm_bias_gelu_sigmoid(x, bias, size(count))
  }

  /// x = max(x + bias, 0)
  package static func relu(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    cvm_bias_relu(x, bias, size(count))
  }

  /// x = silu(x + bias) with silu(v) = v / (1 + exp(-v))
  package static func silu(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    cvm_bias_silu(x, bias, size(count))
  }

  /// x = tanh(x + bias)
  package static func tanh(_ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, count: Int) {
    cvm_bias_tanh(x, bias, size(count))
  }

  /// y = (x - mean) / √(variance + epsilon) · gain + shift, with the biased variance, accurate also for a row with a
  /// large common offset. `y` may be `x`.
  package static func layerNorm(
    _ x: UnsafePointer<Float>, gain: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float,
    into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    cvm_layer_norm(y, x, gain, shift, epsilon, size(count))
  }

  /// x = layerNorm((x + bias) + residual): the end of a BERT sublayer. The same bits as `add` followed by `layerNorm`.
  package static func addThenNormInPlace(
    _ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>,
    gain: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float, count: Int
  ) {
    cvm_bias_residual_layer_norm(x, bias, residual, gain, shift, epsilon, size(count))
  }

  /// x = (x + bias) + residual, y = layerNorm(x): GPT-2's residual stream and the input of its next sublayer. The same
  /// bits as `add` followed by `layerNorm`.
  package static func addThenNorm(
    _ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>,
    gain: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float,
    into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    cvm_bias_residual_then_layer_norm(y, x, bias, residual, gain, shift, epsilon, size(count))
  }

  /// x = softmax(scale · x), for `scale` above 0. An entry of -∞ gets weight exactly 0; a row with NaN or +∞, or of -∞
  /// alone, becomes NaN throughout.
  package static func softmax(_ x: UnsafeMutablePointer<Float>, scale: Float, count: Int) {
    cvm_softmax(x, scale, size(count))
  }

  /// log Σ exp(x); -∞ for an empty row.
  package static func logSumExp(_ x: UnsafePointer<Float>, count: Int) -> Float {
    cvm_log_sum_exp(x, size(count))
  }

  /// The sums behind entropy and divergence, with e = exp(x - most) and `most` the largest number of the row.
  package struct SoftmaxSums: Sendable {
    /// Σ e
    package let total: Double
    /// Σ e (x - most)
    package let own: Double
    /// Σ w (x - most) for the weights w given, else 0.
    package let weighted: Double
  }

  /// All sums in one pass over a row; writes e to `exponents` where it is given.
  /// - Parameter most: no number of the row is larger.
  package static func softmaxSums(
    _ x: UnsafePointer<Float>, most: Float, weights: UnsafePointer<Float>? = nil,
    exponents: UnsafeMutablePointer<Float>? = nil, count: Int
  ) -> SoftmaxSums {
    var sums = (0.0, 0.0, 0.0)
    withUnsafeMutableBytes(of: &sums) { bytes in
      cvm_softmax_sums(
        x, weights, exponents, most, size(count), bytes.baseAddress?.assumingMemoryBound(to: Double.self))
    }
    return SoftmaxSums(total: sums.0, own: sums.1, weighted: sums.2)
  }

  /// How many numbers are at least `least`. NaN is not.
  package static func countAtLeast(_ least: Float, in x: UnsafePointer<Float>, count: Int) -> Int {
    Int(cvm_count_at_least(x, size(count), least))
  }

  /// The index of the largest number, the lowest one on ties; nil for an empty row. NaN is never the largest; 0 if all
  /// are NaN.
  package static func argmax(_ x: UnsafePointer<Float>, count: Int) -> Int? {
    count == 0 ? nil : Int(cvm_argmax(x, size(count)))
  }

  /// The index of the first number that is at least `least`, which NaN is not; `count` if there is none.
  package static func firstAtLeast(_ least: Float, in x: UnsafePointer<Float>, count: Int) -> Int {
    Int(cvm_first_at_least(x, size(count), least))
  }

  /// The index of the first NaN or infinity; nil if every number is finite.
  package static func firstNonFinite(_ x: UnsafePointer<Float>, count: Int) -> Int? {
    let index = Int(cvm_first_nonfinite(x, size(count)))
    return index < count ? index : nil
  }

  private static func size(_ count: Int) -> Int {
    precondition(count >= 0, "a row of \(count) numbers")
    return count
  }
}
