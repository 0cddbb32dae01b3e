import DenseMath
import Foundation
import Training
import Transformer

/// KL(final ‖ lens) of translated states, and its derivative through the head: softmax and matrix, the final norm and,
/// for BERT, the transform before it. Only translators are trained; the head stays as it is.
public struct TranslatorGradient {
  public let head: Unembedding
  private let workspace: Workspace

  public init(_ head: Unembedding, workspace: Workspace) {
    self.head = head
    self.workspace = workspace
  }

  /// - Parameters:
  ///   - translator: what is applied to the states first.
  ///   - h: states, [rows, d].
  ///   - final: the model's own distributions at the same places, [rows, V].
  ///   - weight, bias: receive the derivatives of the mean divergence, [d, d] and [d].
  /// - Returns: the mean of KL(final ‖ lens) over the rows, in nats.
  public func mean(
    _ translator: TunedLens.Translator, _ h: UnsafePointer<Float>, final: UnsafePointer<Float>, rows: Int,
    weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>
  ) -> Double {
    let d = head.matrix.columns
    let translated = FloatBuffer(uninitializedCount: rows * d)
    translator.apply(h, rows: rows, into: translated.pointer, threads: workspace.threads)
    let slopes = FloatBuffer(uninitializedCount: rows * d)
    let mean = divergence(translated.pointer, final: final, rows: rows, derivative: slopes.pointer)
    weight.update(repeating: 0, count: d * d)
    Product.addTransposedProduct(
      threads: workspace.threads, m: d, n: d, k: rows, a: h, aStride: d, b: slopes.pointer, bStride: d, c: weight,
      cStride: d)
    bias.update(repeating: 0, count: d)
    for row in 0..<rows { VectorMath.add(slopes.pointer + row * d, to: bias, count: d) }
    return mean
  }

  /// The mean divergence of states as they meet the head, and its derivative for each number, [rows, d].
  private func divergence(
    _ t: UnsafePointer<Float>, final: UnsafePointer<Float>, rows: Int, derivative: UnsafeMutablePointer<Float>
  ) -> Double {
    let (d, V, threads) = (head.matrix.columns, head.vocabulary, workspace.threads)
    let scores = FloatBuffer(uninitializedCount: rows * V)
    head.apply(t, rows: rows, into: scores.pointer, workspace: workspace)
    var divergences = [Double](repeating: 0, count: rows)
    divergences.withUnsafeMutableBufferPointer { out in
      nonisolated(unsafe) let out = out
      threads.run(rows) { row, _ in
        out[row] = Self.divergence(
          scores.pointer + row * V, final: final + row * V, count: V, share: 1 / Float(rows))
      }
    }
    // Through the matrix: [rows, V] [V, d].
    Product.multiply(
      threads: threads, m: rows, n: d, k: V, a: scores.pointer, aStride: V, b: head.matrix.pointer, bStride: d,
      bTransposed: false, c: derivative, cStride: d
    ) { _, _ in }
    passBack(t, rows: rows, derivative: derivative)
    return divergences.reduce(0, +) / Double(rows)
  }

  /// One row: KL(final ‖ softmax(scores)); the scores become share · (softmax(scores) - final).
  private static func divergence(
    _ scores: UnsafeMutablePointer<Float>, final: UnsafePointer<Float>, count: Int, share: Float
  ) -> Double {
    let most = scores[VectorMath.argmax(scores, count: count) ?? 0]
    let sums = VectorMath.softmaxSums(scores, most: most, weights: final, count: count)
    var (own, mass) = (0.0, 0.0)
    for id in 0..<count where final[id] > 0 {
      own += Double(final[id]) * log(Double(final[id]))
      mass += Double(final[id])
    }
    VectorMath.softmax(scores, scale: 1, count: count)
    for id in 0..<count { scores[id] = share * (scores[id] - final[id]) }
    return (own - sums.weighted) / mass + log(sums.total) - log(mass)
  }

  /// From what meets the matrix back to the states, in place.
  private func passBack(_ t: UnsafePointer<Float>, rows: Int, derivative: UnsafeMutablePointer<Float>) {
    let (d, threads) = (head.matrix.columns, workspace.threads)
    switch head.preparation {
    case .none: return
    case .norm(let norm): Self.passBack(norm, of: t, rows: rows, derivative: derivative, threads: threads)
    case .transform(let dense, let activation, let norm):
      let raw = FloatBuffer(uninitializedCount: rows * d)  // before the activation
      let active = FloatBuffer(uninitializedCount: rows * d)
      let byOutput = dense.layout == .outputByInput
      Product.multiply(
        threads: threads, m: rows, n: d, k: d, a: t, aStride: d, b: dense.weight.pointer, bStride: d,
        bTransposed: byOutput, c: raw.pointer, cStride: d
      ) { _, _ in }
      for row in 0..<rows {
        if let bias = dense.bias { VectorMath.add(bias.pointer, to: raw.pointer + row * d, count: d) }
        active.pointer.advanced(by: row * d).update(from: raw.pointer + row * d, count: d)
        activation.apply(active.pointer + row * d, bias: nil, count: d)
        activation.slope(raw.pointer + row * d, count: d)
      }
      Self.passBack(norm, of: active.pointer, rows: rows, derivative: derivative, threads: threads)
      for row in 0..<rows {
        VectorMath.multiply(raw.pointer + row * d, by: derivative + row * d, count: d)
      }
      Product.multiply(
        threads: threads, m: rows, n: d, k: d, a: raw.pointer, aStride: d, b: dense.weight.pointer, bStride: d,
        bTransposed: !byOutput, c: derivative, cStride: d
      ) { _, _ in }
    }
  }

  private static func passBack(
    _ norm: Norm, of x: UnsafePointer<Float>, rows: Int, derivative: UnsafeMutablePointer<Float>, threads: Threads
  ) {
    let d = norm.gain.count
    let standardized = FloatBuffer(uninitializedCount: rows * d)
    let parts = threads.ranges(of: rows, granularity: 4)
    threads.run(parts.count) { part, _ in
      for row in parts[part] {
        let own = standardized.pointer + row * d
        let scale = VectorMath.standardize(x + row * d, epsilon: norm.epsilon, into: own, count: d)
        VectorMath.standardizeDerivative(
          derivative + row * d, before: norm.gain.pointer, standardized: own, scale: scale, into: derivative + row * d,
          count: d)
      }
    }
  }
}
