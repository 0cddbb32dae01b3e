import DenseMath
import Transformer

/// The derivative of `BERT.advance`, read from the bottom of that loop to its top.
extension BlockDerivative {
  func pullBackPostNorm(
    _ dh: UnsafeMutablePointer<Float>, count: Int, gradients: Gradients, workspace: DerivativeWorkspace
  ) {
    let (threads, d, rows) = (workspace.threads, block.wO.outputs, count * tokens)
    let u = workspace.buffer(.residual, count: rows * d).pointer
    let hidden = workspace.buffer(.hidden, count: rows * block.wIn.outputs).pointer
    let dz = workspace.buffer(.heads, count: rows * d).pointer
    let dqkv = workspace.buffer(.projections, count: rows * 3 * d).pointer

    let carried = selection.map { count * $0.rows.count } ?? rows
    selection?.gather(dh, width: d)
    mlpNorm.pullBack(dh, count: count, into: u, gradients: gradients, threads: threads)  // [count, T, d]
    block.wOut.pullBack(
      u, rows: carried, input: mlpHidden.pointer, into: hidden, through: activation, gradients: gradients,
      threads: threads)  // [count, T, dFF]
    block.wIn.pullBack(
      hidden, rows: carried, input: mlpInput.pointer, adding: true, into: u, gradients: gradients, threads: threads)

    attentionNorm.pullBack(u, count: count, into: dh, gradients: gradients, threads: threads)  // [count, T, d]
    block.wO.pullBack(
      dh, rows: carried, input: headOutputs.pointer, into: dz, gradients: gradients, threads: threads)
    for x in [dh, dz] { selection?.spread(x, width: d, filling: 0) }
    attention.pullBack(dz, count: count, into: dqkv, workspace: workspace)  // [count, T, 3 d]
    for (linear, column) in block.projectionProducts {
      linear.pullBack(
        dqkv + column, stride: 3 * d, rows: rows, input: attentionInput.pointer, adding: true, into: dh,
        gradients: gradients, threads: threads)
    }
  }

  func pushForwardPostNorm(_ dh: UnsafeMutablePointer<Float>, count: Int, workspace: DerivativeWorkspace) {
    let (threads, d, rows) = (workspace.threads, block.wO.outputs, count * tokens)
    let hidden = workspace.buffer(.hidden, count: rows * block.wIn.outputs).pointer
    let dz = workspace.buffer(.heads, count: rows * d).pointer
    let dqkv = workspace.buffer(.projections, count: rows * 3 * d).pointer

    for (linear, column) in block.projectionProducts {
      linear.pushForward(dh, rows: rows, into: dqkv + column, stride: 3 * d, threads: threads)
    }  // [count, T, 3 d]
    attention.pushForward(dqkv, count: count, into: dz, workspace: workspace)  // [count, T, d]
    block.wO.pushForward(dz, rows: rows, adding: true, into: dh, threads: threads)
    attentionNorm.pushForward(dh, count: count, into: dh, threads: threads)  // [count, T, d]

    block.wIn.pushForward(dh, rows: rows, into: hidden, through: activation, threads: threads)  // [count, T, dFF]
    block.wOut.pushForward(hidden, rows: rows, adding: true, into: dh, threads: threads)
    mlpNorm.pushForward(dh, count: count, into: dh, threads: threads)  // [count, T, d]
  }
}
