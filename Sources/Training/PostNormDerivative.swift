import DenseMath
import Transformer

/// One post-norm block on one batch: the derivative of `BERT.advance`, in the reverse order of that loop.
struct PostNormBlockDerivative: BlockDerivative {
  static let sites: Set<Site> = [
    .attentionInput, .queries, .keys, .values, .attentionWeights, .headOutputs, .attnOut, .mlpInput, .mlpPreActivation,
    .mlpHidden, .mlpOut,
  ]

  let block: Block
  /// residPre, [T, d]
  let attentionInput: FloatBuffer
  let attention: AttentionDerivative
  let attentionNorm: NormDerivative
  /// residMid, [T, d]
  let mlpInput: FloatBuffer
  let activation: ActivationDerivative
  /// [T, dFF]
  let mlpHidden: FloatBuffer
  let mlpNorm: NormDerivative
  /// T
  let tokens: Int

  init(_ model: Model, layer: Int, _ tape: Tape, _ index: Int, _ batch: PackedBatch, workspace: DerivativeWorkspace) {
    block = model.blocks[layer]
    let (T, d) = (batch.tokens, model.dimensions.hidden)
    tokens = T
    let threads = workspace.threads
    attentionInput = tape.rows(.attentionInput, index)
    attention = AttentionDerivative(
      heads: model.dimensions.heads, headSize: model.dimensions.headSize,
      scale: block.attentionScale, sequences: batch.sequences,
      queries: tape.rows(.queries, index), keys: tape.rows(.keys, index), values: tape.rows(.values, index),
      outputs: tape.rows(.headOutputs, index), weights: tape.attentionWeights[index])
    mlpInput = tape.rows(.mlpInput, index)
    activation = ActivationDerivative(
      model.activation, at: tape.rows(.mlpPreActivation, index), rows: T, width: model.dimensions.feedForward,
      threads: threads)
    mlpHidden = tape.rows(.mlpHidden, index)
    // The norms read update plus residual stream, a sum that the forward pass does not keep.
    let (attentionSum, mlpSum) = (tape.rows(.attnOut, index), tape.rows(.mlpOut, index))
    threads.add(attentionInput.pointer, to: attentionSum.pointer, rows: T, width: d)
    threads.add(mlpInput.pointer, to: mlpSum.pointer, rows: T, width: d)
    attentionNorm = NormDerivative(block.attentionNorm, at: attentionSum, rows: T, threads: threads)
    mlpNorm = NormDerivative(block.mlpNorm, at: mlpSum, rows: T, threads: threads)
  }

  func pullBack(
    _ dh: UnsafeMutablePointer<Float>, count: Int, gradients: Gradients, workspace: DerivativeWorkspace
  ) {
    let (threads, d, rows) = (workspace.threads, block.wO.outputs, count * tokens)
    let u = workspace.buffer(.residual, count: rows * d).pointer
    let hidden = workspace.buffer(.hidden, count: rows * block.wIn.outputs).pointer
    let dz = workspace.buffer(.heads, count: rows * d).pointer
    let dqkv = workspace.buffer(.projections, count: rows * 3 * d).pointer

    mlpNorm.pullBack(dh, count: count, into: u, gradients: gradients, threads: threads)  // [count, T, d]
    block.wOut.pullBack(
      u, rows: rows, input: mlpHidden.pointer, into: hidden, through: activation, gradients: gradients,
      threads: threads)  // [count, T, dFF]
    block.wIn.pullBack(
      hidden, rows: rows, input: mlpInput.pointer, adding: true, into: u, gradients: gradients, threads: threads)

    attentionNorm.pullBack(u, count: count, into: dh, gradients: gradients, threads: threads)  // [count, T, d]
    block.wO.pullBack(
      dh, rows: rows, input: attention.outputs.pointer, into: dz, gradients: gradients, threads: threads)
    attention.pullBack(dz, count: count, into: dqkv, workspace: workspace)  // [count, T, 3 d]
    for (linear, column) in block.projectionProducts {
      linear.pullBack(
        dqkv + column, stride: 3 * d, rows: rows, input: attentionInput.pointer, adding: true, into: dh,
        gradients: gradients, threads: threads)
    }
  }

  func pushForward(_ dh: UnsafeMutablePointer<Float>, count: Int, workspace: DerivativeWorkspace) {
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
