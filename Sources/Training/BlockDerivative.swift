import DenseMath
import Transformer

/// A block at one batch, ready for tangents and cotangents, both [count, T, d] and changed in place. Where the norms act
/// decides the rest: PostNormDerivative.swift and PreNormDerivative.swift read like the two forward passes.
struct BlockDerivative {
  /// What the forward pass must have shown.
  static func sites(_ placement: ModelTraits.NormPlacement) -> Set<Site> {
    Set<Site>([
      .attentionInput, .queries, .keys, .values, .attentionWeights, .headOutputs, .mlpInput, .mlpPreActivation,
      .mlpHidden,
    ]).union(placement == .post ? [.attnOut, .mlpOut] : [.residPre, .residMid])
  }

  let block: Block
  private let placement: ModelTraits.NormPlacement
  /// What queries, keys and values are computed from: residPre, or ln_1 of it, [T, d].
  let attentionInput: FloatBuffer
  let attention: AttentionDerivative
  /// z, of the rows that are carried on.
  let headOutputs: FloatBuffer
  let attentionNorm: NormDerivative
  /// residMid, or ln_2 of it, [T, d]
  let mlpInput: FloatBuffer
  let activation: ActivationDerivative
  /// [T, dFF]
  let mlpHidden: FloatBuffer
  let mlpNorm: NormDerivative
  /// T
  let tokens: Int
  /// The rows that are read after the block, which all values after attention are those of; nil for all.
  let selection: RowSelection?

  /// - Parameters:
  ///   - tape: what the pass through the block showed, as the block `index` places after the first that was kept.
  init(
    _ model: Model, layer: Int, _ tape: Tape, _ index: Int, _ batch: PackedBatch, selection: RowSelection?,
    workspace: DerivativeWorkspace
  ) {
    func rows(_ site: Site) -> FloatBuffer { tape.rows(site, index) }
    let (T, d, threads) = (batch.tokens, model.dimensions.hidden, workspace.threads)
    (block, placement, tokens, self.selection) = (model.blocks[layer], model.traits.normPlacement, T, selection)
    let carried = selection?.rows.count ?? T
    /// The rows that are carried on, of all.
    func selected(_ x: FloatBuffer) -> FloatBuffer {
      guard let selection else { return x }
      let few = workspace.take(carried * d)
      for (place, row) in selection.rows.enumerated() {
        (few.pointer + place * d).update(from: x.pointer + row * d, count: d)
      }
      return few
    }
    (attentionInput, mlpInput, mlpHidden) = (rows(.attentionInput), rows(.mlpInput), rows(.mlpHidden))
    attention = AttentionDerivative(
      heads: model.dimensions.heads, headSize: model.dimensions.headSize, scale: block.attentionScale,
      sequences: batch.sequences, queries: rows(.queries), keys: rows(.keys), values: rows(.values),
      outputs: rows(.headOutputs), weights: tape.attentionWeights[index])
    activation = ActivationDerivative(
      model.activation, at: rows(.mlpPreActivation), rows: carried, width: model.dimensions.feedForward,
      threads: threads)
    headOutputs = selected(attention.outputs)
    let normInputs: (FloatBuffer, FloatBuffer)
    switch placement {
    case .post:
      // The norms read update plus residual stream, which the forward pass never holds apart.
      normInputs = (rows(.attnOut), rows(.mlpOut))
      threads.add(selected(attentionInput).pointer, to: normInputs.0.pointer, rows: carried, width: d)
      threads.add(mlpInput.pointer, to: normInputs.1.pointer, rows: carried, width: d)
    case .pre: normInputs = (rows(.residPre), rows(.residMid))
    }
    attentionNorm = NormDerivative(
      block.attentionNorm, at: normInputs.0, rows: placement == .post ? carried : T, threads: threads)
    mlpNorm = NormDerivative(block.mlpNorm, at: normInputs.1, rows: carried, threads: threads)
  }

  /// From residPost to residPre. Where `gradients` has a weight of the block, or some rows are read alone, count is 1.
  func pullBack(
    _ dh: UnsafeMutablePointer<Float>, count: Int, gradients: Gradients, workspace: DerivativeWorkspace
  ) {
    precondition(selection == nil || count == 1, "\(count) cotangents of some rows alone")
    switch placement {
    case .post: pullBackPostNorm(dh, count: count, gradients: gradients, workspace: workspace)
    case .pre: pullBackPreNorm(dh, count: count, gradients: gradients, workspace: workspace)
    }
  }

  /// From residPre to residPost, of all rows.
  func pushForward(_ dh: UnsafeMutablePointer<Float>, count: Int, workspace: DerivativeWorkspace) {
    precondition(selection == nil, "tangents of some rows alone")
    switch placement {
    case .post: pushForwardPostNorm(dh, count: count, workspace: workspace)
    case .pre: pushForwardPreNorm(dh, count: count, workspace: workspace)
    }
  }
}
