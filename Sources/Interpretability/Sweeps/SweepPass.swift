import DenseMath
import Transformer

/// Runs the model once for every part that is changed, from where the change enters: what comes before is that of the
/// unchanged text. Several changes of one row run as one batch, and a part whose new value is the old one runs not at all.
struct SweepPass {
  private let input: SweepInput
  private let workspace: Workspace
  /// Gets how many more results are there.
  private let count: (Int) throws -> Void

  init(_ input: SweepInput, workspace: Workspace, count: @escaping (Int) throws -> Void) {
    (self.input, self.workspace, self.count) = (input, workspace, count)
  }

  /// LD with each token's state changed in turn.
  /// - Parameters:
  ///   - depth: of the hidden state.
  ///   - states: the new states, [T, d].
  func changing(_ depth: Int, to states: Tensor) throws -> [Double] {
    let own = input.state(depth)
    let rows = 0..<input.tokens
    let changed = rows.filter { !states.sameBits($0, as: own, 0..<input.width) }
    var results = [Double](repeating: input.difference, count: rows.count)
    try count(rows.count - changed.count)
    for part in plan(changed.map { input.isCausal ? $0 : 0 }) {
      let tokens = changed[part]
      let firsts = tokens.map { input.isCausal ? $0 : 0 }
      let (batch, h) = try start(firsts, at: depth)
      for (sequence, token) in zip(batch.sequences, zip(tokens, firsts)) {
        let place = sequence.lowerBound + token.0 - token.1
        (h.pointer + place * input.width).update(from: states.pointer + token.0 * input.width, count: input.width)
      }
      let found = try run(h, batch, firsts, from: depth)
      for (token, result) in zip(tokens, found) { results[token] = result }
      try count(tokens.count)
    }
    return results
  }

  /// The state after a block in which attention's or the feed-forward layer's output is another at every token, [T, d].
  /// The rest of a block computes each row by itself, so that row t is that of a pass with token t alone changed.
  func state(after layer: Int, replacing site: Site, by outputs: Tensor) throws -> Tensor {
    let batch = try PackedBatch([input.ids])
    var h = HiddenState(copying: input.state(layer).pointer, tokens: batch.tokens, width: input.width)
    let z = input.rows(BlockSite(layer: layer, site: .headOutputs))
    try input.model.finish(
      layer, &h, headOutputs: HiddenState(copying: z.pointer, tokens: batch.tokens, width: z.columns), batch,
      workspace: workspace,
      interventions: (0..<batch.tokens).map {
        Intervention(BlockSite(layer: layer, site: site), at: $0, .row(outputs[rows: $0..<$0 + 1].values))
      })
    return Tensor(shape: [h.tokens, h.width], h.buffer)
  }

  /// LD with each head's output changed in turn, at all tokens.
  /// - Parameter outputs: the new `headOutputs`, [T, d].
  func changingHeads(of layer: Int, to outputs: Tensor) throws -> [Double] {
    let dimensions = input.model.dimensions
    let own = input.rows(BlockSite(layer: layer, site: .headOutputs))
    func columns(_ head: Int) -> Range<Int> { head * dimensions.headSize..<(head + 1) * dimensions.headSize }
    // The first token at which a head's output is another.
    let changed = (0..<dimensions.heads).compactMap { head in
      (0..<input.tokens).first { !outputs.sameBits($0, as: own, columns(head)) }.map { (head: head, first: $0) }
    }
    var results = [Double](repeating: input.difference, count: dimensions.heads)
    try count(dimensions.heads - changed.count)
    for part in plan(changed.map { input.isCausal ? $0.first : 0 }) {
      let heads = changed[part]
      let firsts = heads.map { input.isCausal ? $0.first : 0 }
      var (batch, h) = try start(firsts, at: layer)
      let z = HiddenState(tokens: batch.tokens, width: own.columns)
      for (sequence, head) in zip(batch.sequences, zip(heads, firsts)) {
        let columns = columns(head.0.head)
        for row in sequence {
          let token = head.1 + row - sequence.lowerBound
          let target = z.pointer + row * z.width
          target.update(from: own.pointer + token * z.width, count: z.width)
          (target + columns.lowerBound).update(
            from: outputs.pointer + token * z.width + columns.lowerBound, count: columns.count)
        }
      }
      try input.model.finish(layer, &h, headOutputs: z, batch, workspace: workspace)
      let found = try run(h, batch, firsts, from: layer + 1)
      for (head, result) in zip(heads, found) { results[head.head] = result }
      try count(heads.count)
    }
    return results
  }

  /// Batches of passes that begin at these tokens. What a pass needs is its own rows and, beside their keys and values,
  /// those of the tokens before.
  private func plan(_ firsts: [Int]) -> [Range<Int>] { PackedBatch.plan(firsts.map { input.tokens - $0 / 2 }) }

  /// The unchanged state from a token on, once for each pass.
  private func start(_ firsts: [Int], at depth: Int) throws -> (PackedBatch, HiddenState) {
    let batch = try PackedBatch(firsts.map { Array(input.ids[$0...]) })
    let h = HiddenState(tokens: batch.tokens, width: input.width)
    let state = input.state(depth)
    for (sequence, first) in zip(batch.sequences, firsts) {
      (h.pointer + sequence.lowerBound * h.width).update(
        from: state.pointer + first * h.width, count: sequence.count * h.width)
    }
    return (batch, h)
  }

  /// Carries states through the blocks from `depth` on; of the last block only what the positions read need.
  private func run(_ h: HiddenState, _ batch: PackedBatch, _ firsts: [Int], from depth: Int) throws -> [Double] {
    var h = h
    let read = zip(batch.sequences, firsts).map { sequence, first in
      input.positions.filter { $0 >= first }.map { sequence.lowerBound + $0 - first }
    }
    try input.model.advance(
      &h, through: depth..<input.layers, batch, after: input.prefixes(firsts), rows: read.flatMap { $0 },
      workspace: workspace)
    let last = Tensor(shape: [h.tokens, h.width], h.buffer)
    return input.differences(read.map { $0.map { last[rows: $0..<$0 + 1] } }, workspace: workspace)
  }
}
