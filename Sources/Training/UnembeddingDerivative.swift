import DenseMath
import Transformer

extension Unembedding {
  /// From cotangents of the matrix's input back through norm or transform to those of the hidden states, in place.
  /// - Parameters:
  ///   - dx: [rows, d]
  ///   - h: the states, [rows, d], as `apply` takes them.
  package func pullBackPreparation(
    _ dx: UnsafeMutablePointer<Float>, at h: UnsafePointer<Float>, rows: Int, threads: Threads
  ) {
    let d = matrix.columns
    switch preparation {
    case .none: return
    case .norm(let norm):
      let copy = FloatBuffer(uninitializedCount: rows * d)
      copy.pointer.update(from: h, count: rows * d)
      NormDerivative(norm, at: copy, rows: rows, threads: threads)
        .pullBack(dx, into: dx, gradients: .none, threads: threads)
    case .transform(let dense, let activation, let norm):
      let (before, after) = (FloatBuffer(uninitializedCount: rows * d), FloatBuffer(uninitializedCount: rows * d))
      dense.pushForward(h, rows: rows, into: before.pointer, threads: threads)
      threads.runRows(rows) { row in
        let own = before.pointer + row * d
        if let bias = dense.bias { VectorMath.add(bias.pointer, to: own, count: d) }
        (after.pointer + row * d).update(from: own, count: d)
        activation.apply(after.pointer + row * d, bias: nil, count: d)
      }
      let slopes = ActivationDerivative(activation, at: before, rows: rows, width: d, threads: threads)
      let u = FloatBuffer(uninitializedCount: rows * d)
      NormDerivative(norm, at: after, rows: rows, threads: threads)
        .pullBack(dx, into: u.pointer, gradients: .none, threads: threads)
      threads.runRows(rows) { row in slopes.apply(u.pointer, rows: row..<row + 1, columns: 0..<d) }
      dense.pullBack(u.pointer, rows: rows, input: h, into: dx, gradients: .none, threads: threads)
    }
  }
}
