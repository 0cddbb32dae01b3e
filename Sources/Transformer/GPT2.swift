import DenseMath

/// GPT-2: a decoder that normalises the input of each sublayer (pre-norm), so the residual stream is a plain sum.
///
/// Radford et al., "Language Models are Unsupervised Multitask Learners" (2019); the numbers are those of Hugging Face's
/// GPT2Model. Shapes: T tokens of the batch, d hidden, H heads, dFF feed-forward, V vocabulary.
struct GPT2: TransformerBody {
  let dimensions: Dimensions
  /// Token embedding, [V, d].
  let wE: Tensor
  /// Position embedding, [positions, d].
  let wPos: Tensor
  let blocks: [Block]
  /// ln_f. The residual stream is kept before it; unembedding and classifiers apply it.
  let finalNorm: Norm?
  let activation: Activation

  var positionRows: PositionRows { .fromZero }
  var wType: Tensor? { nil }
  var embeddingNorm: Norm? { nil }

  /// Hidden state 0: token plus position embedding.
  func sumEmbeddings(_ pass: ForwardPass) throws -> HiddenState {
    try pass.batch.check(against: dimensions, firstPosition: pass.firstPosition)
    try pass.batch.check(tokenTypesOf: 0)
    let d = dimensions.hidden
    let h = HiddenState(tokens: pass.tokens, width: d)  // [T, d]
    let places = positionRows.rows(of: pass.batch, after: pass.firstPosition)
    pass.gather(wE, into: h.pointer) { row, out in
      VectorMath.add(wPos.pointer + places[row] * d, to: out, count: d)
    }
    return h
  }

  /// Carries the residual stream through the blocks of `layers`.
  func advance(_ h: inout HiddenState, through layers: Range<Int>, _ pass: ForwardPass) throws {
    let (T, d, dFF) = (pass.tokens, dimensions.hidden, dimensions.feedForward)
    let x = pass.workspace.rows(.normalized, T, columns: d)
    let z = pass.workspace.rows(.headOutputs, T, columns: d)
    let hidden = pass.workspace.rows(.mlpHidden, T, columns: dFF)

    for layer in layers {
      let block = blocks[layer]
      let attention = Attention(
        heads: dimensions.heads, headSize: dimensions.headSize, scale: block.attentionScale, causal: true)
      try pass.announce(.residPre, layer, h.pointer, columns: d)
      block.attentionNorm.apply(h.pointer, into: x, threads: pass.threads)  // [T, d]
      try pass.announce(.attentionInput, layer, x)
      let rest = try pass.attend(attention, block, layer, of: layers, MatrixView(x), into: z)  // [T, d]
      rest.selection?.gather(h.pointer, width: d)
      try addUpdate(block.wO, of: rest.carried(z), to: &h, rest, site: .attnOut, layer)  // [T, d]
      try rest.announce(.residMid, layer, h.pointer, columns: d)

      let mlpInput = rest.carried(x)
      block.mlpNorm.apply(h.pointer, into: mlpInput, threads: rest.threads)  // [T, d]
      try rest.announce(.mlpInput, layer, mlpInput)
      try rest.expand(MatrixView(mlpInput), block.wIn, activation, layer, into: rest.carried(hidden))  // [T, dFF]
      try addUpdate(block.wOut, of: rest.carried(hidden), to: &h, rest, site: .mlpOut, layer)  // [T, d]
      try rest.announce(.residPost, layer, h.pointer, columns: d)
      // So that no row is read unnoticed that was not asked for.
      rest.selection?.spread(h.pointer, width: d, filling: .nan)
    }
    pass.cache?.advance(by: T / pass.batch.sequences.count)
  }

  /// h = (input W + b) + h. The sum is computed in the product's memory, which then becomes that of h.
  private func addUpdate(
    _ linear: Linear, of input: MutableMatrixView, to h: inout HiddenState, _ pass: ForwardPass, site: Site,
    _ layer: Int
  ) throws {
    let (T, d) = (input.rows, dimensions.hidden)
    let update = pass.workspace.buffer(.update, count: h.buffer.count)
    linear.apply(
      MatrixView(input), into: MutableMatrixView(update, rows: T, columns: d), workspace: pass.workspace,
      finish: .nothing)  // [T, d]
    let bias = try pass.announceUpdate(site, layer, update.pointer, of: linear)
    let residual = h.pointer
    pass.threads.runRows(T) { row in
      VectorMath.add(bias: bias, residual: residual + row * d, to: update.pointer + row * d, count: d)
    }
    h.buffer = pass.workspace.exchange(h.buffer, for: .update)
  }
}
