import DenseMath
import Transformer

/// One pre-norm block on one batch: the derivative of `GPT2.advance`, in the reverse order of that loop.
struct PreNormBlockDerivative: BlockDerivative {
  static let sites: Set<Site> = [
    .residPre, .attentionInput, .queries, .keys, .values, .attentionWeights, .headOutputs, .residMid, .mlpInput,
    .mlpPreActivation, .mlpHidden,
  ]

  let block: Block
  let attentionNorm: NormDerivative
  /// ln_1 of residPre, [T, d]
  let attentionInput: FloatBuffer
  let attention: AttentionDerivative
  let mlpNorm: NormDerivative
  /// ln_2 of residMid, [T, d]
  let mlpInput: FloatBuffer
  let activation: ActivationDerivative
  /// [T, dFF]
  let mlpHidden: FloatBuffer
  /// T
  let tokens: Int

  init(_ model: Model, layer: Int, _ tape: Tape, _ index: Int, _ batch: PackedBatch, workspace: DerivativeWorkspace) {
    block = model.blocks[layer]
    let T = batch.tokens
    tokens = T
    let threads = workspace.threads
    attentionNorm = NormDerivative(
      block.attentionNorm, at: tape.rows(.residPre, index), rows: T, threads: threads)
    attentionInput = tape.rows(.attentionInput, index)
    attention = AttentionDerivative(
      heads: model.dimensions.heads, headSize: model.dimensions.headSize, scale: block.attentionScale,
      sequences: batch.sequences, queries: tape.rows(.queries, index), keys: tape.rows(.keys, index),
      values: tape.rows(.values, index), outputs: tape.rows(.headOutputs, index),
      weights: tape.attentionWeights[index])
    mlpNorm = NormDerivative(block.mlpNorm, at: tape.rows(.residMid, index), rows: T, threads: threads)
    mlpInput = tape.rows(.mlpInput, index)
    activation = ActivationDerivative(
      model.activation, at: tape.rows(.mlpPreActivation, index), rows: T, width: model.dimensions.feedForward,
      threads: threads)
    mlpHidden = tape.rows(.mlpHidden, index)
  }

  func pullBack(
    _ dh: UnsafeMutablePointer<Float>, count: Int, gradients: Gradients, workspace: DerivativeWorkspace
  ) {
    let (threads, d, rows) = (workspace.threads, block.wO.outputs, count * tokens)
    let u = workspace.buffer(.residual, count: rows * d).pointer
    let hidden = workspace.buffer(.hidden, count: rows * block.wIn.outputs).pointer
    let dqkv = workspace.buffer(.projections, count: rows * 3 * d).pointer

    block.wOut.pullBack(
      dh, rows: rows, input: mlpHidden.pointer, into: hidden, through: activation, gradients: gradients,
      threads: threads)  // [count, T, dFF]
    block.wIn.pullBack(
      hidden, rows: rows, input: mlpInput.pointer, into: u, gradients: gradients, threads: threads)
    mlpNorm.pullBack(u, count: count, into: u, gradients: gradients, threads: threads)  // [count, T, d]
    threads.add(u, to: dh, rows: rows, width: d)

    block.wO.pullBack(
      dh, rows: rows, input: attention.outputs.pointer, into: u, gradients: gradients, threads: threads)
    attention.pullBack(u, count: count, into: dqkv, workspace: workspace)  // [count, T, 3 d]
    for (linear, column) in block.projectionProducts {
      linear.pullBack(
        dqkv + column, stride: 3 * d, rows: rows, input: attentionInput.pointer, adding: column > 0, into: u,
        gradients: gradients, threads: threads)
    }
    attentionNorm.pullBack(u, count: count, into: u, gradients: gradients, threads: threads)  // [count, T, d]
    threads.add(u, to: dh, rows: rows, width: d)
  }

  func pushForward(_ dh: UnsafeMutablePointer<Float>, count: Int, workspace: DerivativeWorkspace) {
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
