import DenseMath
import Foundation
import Transformer

/// KL(final ‖ lens) of translated states, and its derivative through the head: softmax and matrix, the final norm and,
/// for BERT, the transform before it. Only translators are trained; the head is frozen.
package struct TranslatorGradient {
  package let head: Unembedding
  private let workspace: Workspace

  package init(_ head: Unembedding, workspace: Workspace) {
    self.head = head
    self.workspace = workspace
  }

  /// - Parameters:
  ///   - translator: applied to the states first.
  ///   - h: states, [rows, d].
  ///   - final: the model's own distributions at the same positions, [rows, V].
  ///   - weight, bias: receive the derivatives of the mean divergence, [d, d] and [d].
  /// - Returns: the mean of KL(final ‖ lens) over the rows, in nats.
  package func mean(
    _ translator: TunedLens.Translator, _ h: UnsafePointer<Float>, final: UnsafePointer<Float>, rows: Int,
    weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>
  ) -> Double {
    let d = head.matrix.columns
    let translated = FloatBuffer(uninitializedCount: rows * d)
    translator.apply(h, rows: rows, into: translated.pointer, threads: workspace.threads)
    let slopes = FloatBuffer(uninitializedCount: rows * d)
    let mean = divergence(translated.pointer, final: final, rows: rows, derivative: slopes.pointer)
    weight.update(repeating: 0, count: d * d)
    Product.multiply(
      MatrixView(h, rows: rows, columns: d).transposed, MatrixView(slopes.pointer, rows: rows, columns: d),
      into: MutableMatrixView(weight, rows: d, columns: d), adding: true, threads: workspace.threads)
    bias.update(repeating: 0, count: d)
    for row in 0..<rows { VectorMath.add(slopes.pointer + row * d, to: bias, count: d) }
    return mean
  }

  /// The mean divergence of states after translation, and its derivative for each number, [rows, d].
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
      MatrixView(scores.pointer, rows: rows, columns: V), MatrixView(head.matrix),
      into: MutableMatrixView(derivative, rows: rows, columns: d), threads: threads)
    head.pullBackPreparation(derivative, at: t, rows: rows, threads: threads)
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
}
