import DenseMath

/// BERT: an encoder that normalises after each residual add (post-norm), so every hidden state has passed a layer norm.
///
/// Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers" (2019); the numbers are those of Hugging Face's
/// BertModel, and of the families whose loading files name the same weights. Shapes: T tokens of the batch, d hidden, H heads, dFF feed-forward, V vocabulary.
struct BERT: TransformerBody {
  let dimensions: Dimensions
  /// Token embedding, [V, d].
  let wE: Tensor
  /// Position embedding, [positions, d], after the rows before a text's first (RoBERTa).
  let wPos: Tensor
  let positionRows: PositionRows
  /// Token type embedding, [types, d]; type 0 is added where no types are given. nil in DistilBERT.
  let wType: Tensor?
  let embeddingNorm: Norm?
  let blocks: [Block]
  let activation: Activation

  /// Every state has passed the norm of its block.
  var finalNorm: Norm? { nil }

  /// Token plus token type plus position embedding, which the embedding norm reads.
  func sumEmbeddings(_ pass: ForwardPass) throws -> HiddenState {
    try pass.batch.check(against: dimensions)
    try pass.batch.check(tokenTypesOf: wType?.rows ?? 0)
    let (d, types) = (dimensions.hidden, pass.batch.tokenTypes)
    let h = HiddenState(tokens: pass.tokens, width: d)  // [T, d]
    let places = positionRows.rows(of: pass.batch)
    pass.gather(wE, into: h.pointer) { row, out in
      if let wType { VectorMath.add(wType.pointer + (types.isEmpty ? 0 : Int(types[row])) * d, to: out, count: d) }
      VectorMath.add(wPos.pointer + places[row] * d, to: out, count: d)
    }
    return h
  }

  /// Carries the residual stream through the blocks of `layers`.
  func advance(_ h: inout HiddenState, through layers: Range<Int>, _ pass: ForwardPass) throws {
    let (T, d, dFF) = (pass.tokens, dimensions.hidden, dimensions.feedForward)
    let z = pass.workspace.rows(.headOutputs, T, columns: d)
    let hidden = pass.workspace.rows(.mlpHidden, T, columns: dFF)

    for layer in layers {
      let block = blocks[layer]
      let attention = Attention(
        heads: dimensions.heads, headSize: dimensions.headSize, scale: block.attentionScale, causal: false)
      try pass.announce(.residPre, layer, h.pointer, columns: d)
      try pass.announce(.attentionInput, layer, h.pointer, columns: d)
      let rest = try pass.attend(attention, block, layer, of: layers, MatrixView(h.matrix), into: z)  // [T, d]
      rest.selection?.gather(h.pointer, width: d)
      try addAndNorm(block.wO, of: rest.carried(z), to: &h, block.attentionNorm, rest, site: .attnOut, layer)  // [T, d]
      try rest.announce(.residMid, layer, h.pointer, columns: d)

      try rest.announce(.mlpInput, layer, h.pointer, columns: d)
      let mlpInput = MatrixView(rest.carried(h.matrix))
      try rest.expand(mlpInput, block.wIn, activation, layer, into: rest.carried(hidden))  // [T, dFF]
      try addAndNorm(block.wOut, of: rest.carried(hidden), to: &h, block.mlpNorm, rest, site: .mlpOut, layer)  // [T, d]
      try rest.announce(.residPost, layer, h.pointer, columns: d)
      // So that no row is read unnoticed that was not asked for.
      rest.selection?.spread(h.pointer, width: d, filling: .nan)
    }
  }

  /// h = norm((input W + b) + h). The sum is computed in the product's memory, which then becomes that of h.
  private func addAndNorm(
    _ linear: Linear, of input: MutableMatrixView, to h: inout HiddenState, _ norm: Norm, _ pass: ForwardPass,
    site: Site, _ layer: Int
  ) throws {
    let (T, d) = (input.rows, dimensions.hidden)
    let update = pass.workspace.buffer(.update, count: h.buffer.count)
    linear.apply(
      MatrixView(input), into: MutableMatrixView(update, rows: T, columns: d), workspace: pass.workspace,
      finish: .nothing)  // [T, d]
    let bias = try pass.announceUpdate(site, layer, update.pointer, of: linear)
    let residual = h.pointer
    pass.threads.runRows(T) { row in
      VectorMath.addThenNormInPlace(
        update.pointer + row * d, bias: bias, residual: residual + row * d, gain: norm.gain.pointer,
        shift: norm.shift.pointer, epsilon: norm.epsilon, count: d)
    }
    h.buffer = pass.workspace.exchange(h.buffer, for: .update)
  }
}
