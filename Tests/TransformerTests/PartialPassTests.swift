import DenseMath
import TestSupport
import Testing
import Transformer

/// Passes that begin in the middle: after a text's first tokens, or after a block's attention. They give the bits of the
/// whole pass.
@Suite struct PartialPassTests {
  private static let causal = ["tiny/gpt2", "variants/gpt2-odd-sizes"]

  private func sites(_ model: Model, _ site: Site) -> [BlockSite] {
    (0..<model.dimensions.layers).map { BlockSite(layer: $0, site: site) }
  }

  @Test(arguments: causal, [1, 3]) func endsOfATextEqualTheWhole(_ name: String, threads: Int) throws {
    let model = try Model(directory: Fixtures.path(name))
    let workspace = Workspace(threads: Threads(threads))
    var numbers = SeededNumbers(seed: 31)
    let ids = numbers.ids(model.positions, below: model.dimensions.vocabulary)
    let (T, d) = (ids.count, model.dimensions.hidden)
    let whole = try PackedBatch([ids])
    let recorded = try model.values(
      at: sites(model, .keys) + sites(model, .values), of: whole, workspace: workspace)
    func tensors(_ site: Site) throws -> [Tensor] {
      try sites(model, site).map { Tensor(shape: [T, d], try #require(recorded[$0]).values) }
    }
    let firsts = [T - 1, 0, T / 2, 3]
    let prefixes = KeyValuePrefixes(keys: try tensors(.keys), values: try tensors(.values), lengths: firsts)
    let batch = try PackedBatch(firsts.map { Array(ids[$0...]) })
    for start in [0, 1] {
      var state = try model.embed(whole, workspace: workspace)
      try model.advance(&state, through: 0..<start, whole, workspace: workspace)
      let expected = try model.forward(whole, workspace: workspace).values
      for asksForRows in [false, true] {
        var h = HiddenState(tokens: batch.tokens, width: d)
        for (sequence, first) in zip(batch.sequences, firsts) {
          (h.pointer + sequence.lowerBound * d).update(from: state.pointer + first * d, count: sequence.count * d)
        }
        let last = batch.sequences.map { $0.upperBound - 1 }
        try model.advance(
          &h, through: start..<model.dimensions.layers, batch, after: prefixes, rows: asksForRows ? last : nil,
          workspace: workspace)
        for (sequence, first) in zip(batch.sequences, firsts) {
          for row in sequence where !asksForRows || last.contains(row) {
            let place = first + row - sequence.lowerBound
            let own = Array(h.values[row * d..<(row + 1) * d])
            #expect(own.bits == Array(expected[place * d..<(place + 1) * d]).bits, "token \(place) after \(first)")
          }
        }
      }
    }
  }

  @Test(arguments: causal + ["tiny/bert", "variants/distilbert"]) func blocksAreFinished(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let workspace = Workspace(threads: Threads(2))
    let batch = try PackedBatch([[3, 1, 4, 1, 5], [9, 2]])
    var h = try model.embed(batch, workspace: workspace)
    let change = Intervention(BlockSite(layer: 0, site: .mlpOut), at: 1, .zero)
    for changes in [[], [change]] {
      var whole = h
      try model.advance(&whole, through: 0..<1, batch, workspace: workspace, interventions: changes)
      let site = BlockSite(layer: 0, site: .headOutputs)
      let z = try #require(try model.values(at: [site], of: batch, workspace: workspace)[site])
      let outputs = HiddenState(copying: z.values, tokens: batch.tokens, width: z.columns)
      var finished = h
      try model.finish(0, &finished, headOutputs: outputs, batch, workspace: workspace, interventions: changes)
      #expect(finished.values.bits == whole.values.bits)
    }
    try model.advance(&h, through: 0..<1, batch, workspace: workspace)
    #expect(h.tokens == 7)
  }

  @Test(arguments: causal + ["tiny/bert"], [Precision.float32, .bfloat16])
  func someScoresAreThoseOfAll(_ name: String, _ precision: Precision) throws {
    let model = try Model(directory: Fixtures.path(name))
    let workspace = Workspace(precision: precision)
    let head = try model.requireUnembedding()
    let h = try model.forward(PackedBatch([[3, 1, 4]]), workspace: workspace)
    let all = FloatBuffer(count: 3 * head.vocabulary)
    head.apply(h.pointer, rows: 3, into: all.pointer, workspace: workspace)
    let ids: [Int32] = [7, 2, Int32(head.vocabulary - 1)]
    let some = FloatBuffer(count: 9)
    head.restricted(to: ids).apply(h.pointer, rows: 3, into: some.pointer, workspace: workspace)
    for row in 0..<3 {
      for (place, id) in ids.enumerated() {
        #expect(some.pointer[3 * row + place] == all.pointer[row * head.vocabulary + Int(id)])
      }
    }
  }
}
