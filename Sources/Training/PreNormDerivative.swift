import DenseMath
import Transformer

/// The derivative of `GPT2.advance`, read from the bottom of that loop to its top.
extension BlockDerivative {
  func pullBackPreNorm(
    _ dh: UnsafeMutablePointer<Float>, count: Int, gradients: Gradients, workspace: DerivativeWorkspace
  ) {
    let (threads, d, rows) = (workspace.threads, block.wO.outputs, count * tokens)
    let u = workspace.buffer(.residual, count: rows * d).pointer
    let hidden = workspace.buffer(.hidden, count: rows * block.wIn.outputs).pointer
    let dqkv = workspace.buffer(.projections, count: rows * 3 * d).pointer

    let carried = selection.map { count * $0.rows.count } ?? rows
    selection?.gather(dh, width: d)
    block.wOut.pullBack(
      dh, rows: carried, input: mlpHidden.pointer, into: hidden, through: activation, gradients: gradients,
      threads: threads)  // [count, T, dFF]
    block.wIn.pullBack(
      hidden, rows: carried, input: mlpInput.pointer, into: u, gradients: gradients, threads: threads)
    mlpNorm.pullBack(u, count: count, into: u, gradients: gradients, threads: threads)  // [count, T, d]
    threads.add(u, to: dh, rows: carried, width: d)

    block.wO.pullBack(
      dh, rows: carried, input: headOutputs.pointer, into: u, gradients: gradients, threads: threads)
    for x in [dh, u] { selection?.spread(x, width: d, filling: 0) }
    attention.pullBack(u, count: count, into: dqkv, workspace: workspace)  // [count, T, 3 d]
    for (linear, column) in block.projectionProducts {
      linear.pullBack(
        dqkv + column, stride: 3 * d, rows: rows, input: attentionInput.pointer, adding: column > 0, into: u,
        gradients: gradients, threads: threads)
    }
    attentionNorm.pullBack(u, count: count, into: u, gradients: gradients, threads: threads)  // [count, T, d]
    threads.add(u, to: dh, rows: rows, width: d)
  }

  func pushForwardPreNorm(_ dh: UnsafeMutablePointer<Float>, count: Int, workspace: DerivativeWorkspace) {
    let (threads, d, rows) = (workspace.threads, block.wO.outputs, count * tokens)
    let u = workspace.buffer(.residual, count: rows * d).pointer
    let hidden = workspace.buffer(.hidden, count: rows * block.wIn.outputs).pointer
    let dqkv = workspace.buffer(.projections, count: rows * 3 * d).pointer

    attentionNorm.pushForward(dh, count: count, into: u, threads: threads)  // [count, T, d]
    for (linear, column) in block.projectionProducts {
      linear.pushForward(u, rows: rows, into: dqkv + column, stride: 3 * d, threads: threads)
    }  // [count, T, 3 d]
    attention.pushForward(dqkv, count: count, into: u, workspace: workspace)  // [count, T, d]
    block.wO.pushForward(u, rows: rows, adding: true, into: dh, threads: threads)

    mlpNorm.pushForward(dh, count: count, into: u, threads: threads)  // [count, T, d]
    block.wIn.pushForward(u, rows: rows, into: hidden, through: activation, threads: threads)  // [count, T, dFF]
    block.wOut.pushForward(hidden, rows: rows, adding: true, into: dh, threads: threads)
  }
}
