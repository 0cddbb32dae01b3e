import DenseMath
import TestSupport
import Testing
import Transformer

/// Passes with replaced values, against the Double oracle with the same replacements and against identities.
@Suite struct InterventionTests {
  static let models = ["tiny/bert", "tiny/gpt2", "variants/bert-odd-sizes", "variants/gpt2-odd-sizes"]

  private func ids(_ model: Model, _ count: Int, seed: UInt64) -> [Int32] {
    var numbers = SeededNumbers(seed: seed)
    return numbers.ids(count, below: model.dimensions.vocabulary)
  }

  /// Every site of every block with and without interventions: within 2e-5 of the largest magnitude; measured: at most
  /// 1.1e-6.
  private func check(
    _ model: Model, _ oracle: Oracle, _ ids: [Int32], _ interventions: [Intervention],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let size = model.dimensions.headSize
    let expected = try oracle.forward(ids.map(Int.init)) { site, layer, rows in
      for intervention in interventions
      where intervention.site.layer == layer && intervention.site.site.rawValue == site {
        for row in rows.indices where intervention.position.map({ $0 == row }) ?? true {
          let columns = intervention.site.head.map { $0 * size..<($0 + 1) * size } ?? rows[row].indices
          for (index, column) in columns.enumerated() {
            if case .row(let numbers) = intervention.replacement {
              rows[row][column] = Double(numbers[index])
            } else {
              rows[row][column] = 0
            }
          }
        }
      }
    }
    let recorder = SiteRecorder()
    let h = try model.forward(
      PackedBatch([ids]), workspace: Workspace(threads: Threads(2)), observer: recorder, interventions: interventions)
    for entry in recorder.entries {
      let name = "\(entry.site.rawValue).\(entry.layer)"
      expectCloseToLargest(
        entry.values, try #require(expected.sites[name]), fraction: 2e-5, "\(name) with \(interventions.map(\.site))",
        sourceLocation: sourceLocation)
    }
    expectCloseToLargest(
      h.values, try #require(expected.sites["residPost.\(model.dimensions.layers - 1)"]), fraction: 2e-5, "result",
      sourceLocation: sourceLocation)
  }

  @Test(arguments: models) func everySiteCanBeReplaced(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let oracle = try Oracle(directory: Fixtures.path(name))
    let ids = ids(model, 7, seed: 31)
    var numbers = SeededNumbers(seed: 32)
    for site in BlockSite.sites {
      let width =
        [.mlpPreActivation, .mlpHidden].contains(site) ? model.dimensions.feedForward : model.dimensions.hidden
      try check(model, oracle, ids, [Intervention(BlockSite(layer: 0, site: site), .zero)])
      let row = numbers.normal(count: width)
      try check(model, oracle, ids, [Intervention(BlockSite(layer: 1, site: site), at: 2, .row(row))])
    }
  }

  @Test(arguments: models) func severalCompose(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let oracle = try Oracle(directory: Fixtures.path(name))
    let ids = ids(model, 9, seed: 33)
    var numbers = SeededNumbers(seed: 34)
    let (d, size) = (model.dimensions.hidden, model.dimensions.headSize)
    let last = model.dimensions.layers - 1
    try check(
      model, oracle, ids,
      [
        Intervention(BlockSite(layer: 0, site: .headOutputs, head: 1), .zero),
        Intervention(BlockSite(layer: 0, site: .headOutputs, head: 0), at: 4, .row(numbers.normal(count: size))),
        Intervention(BlockSite(layer: 0, site: .values, head: 1), at: 0, .row(numbers.normal(count: size))),
        Intervention(BlockSite(layer: 0, site: .mlpOut), .row(numbers.normal(count: d))),
        Intervention(BlockSite(layer: last, site: .residPre), at: 8, .row(numbers.normal(count: d))),
        // Of two at one site the later one applies.
        Intervention(BlockSite(layer: last, site: .attnOut), .row(numbers.normal(count: d))),
        Intervention(BlockSite(layer: last, site: .attnOut), at: 3, .zero),
      ])
  }

  /// A text's own values, patched into it, change no bit.
  @Test(arguments: models) func patchingFromTheSameTextChangesNothing(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let batch = try PackedBatch([ids(model, 11, seed: 35)])
    let workspace = Workspace()
    let plain = try model.forward(batch, workspace: workspace).values
    for layer in 0..<model.dimensions.layers {
      var sites = BlockSite.sites.map { BlockSite(layer: layer, site: $0) }
      sites += BlockSite.sitesOfHeads.map { BlockSite(layer: layer, site: $0, head: model.dimensions.heads - 1) }
      let values = try model.values(at: sites, of: batch, workspace: workspace)
      for site in sites {
        let own = try #require(values[site])
        let patches = (0..<own.rows).map { Intervention(site, at: $0, .row(own[row: $0])) }
        let patched = try model.forward(batch, workspace: workspace, observer: nil, interventions: patches)
        #expect(patched.values.bits == plain.bits, "\(site)")
      }
    }
    #expect(try model.forward(batch, workspace: workspace).values.bits == plain.bits)
  }

  /// All states of a depth from another text: the rest of the pass is that text's.
  @Test(arguments: models) func patchingAllPositionsIsTheOtherText(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let (one, other) = (try PackedBatch([ids(model, 6, seed: 36)]), try PackedBatch([ids(model, 6, seed: 37)]))
    let workspace = Workspace()
    let site = BlockSite(layer: 0, site: .residPost)
    let donor = try #require(try model.values(at: [site], of: other, workspace: workspace)[site])
    let patched = try model.forward(
      one, workspace: workspace, observer: nil,
      interventions: (0..<6).map { Intervention(site, at: $0, .row(donor[row: $0])) })
    let (plain, whole) = (try model.forward(one, workspace: workspace), try model.forward(other, workspace: workspace))
    #expect(patched.values.bits == whole.values.bits && plain.values.bits != whole.values.bits)
  }

  /// GPT-2 with a block's outputs ablated is GPT-2 without the block, bit for bit; with all its heads ablated
  /// attention's bias remains.
  @Test(arguments: models.filter { $0.contains("gpt2") }) func ablatingABlockSkipsIt(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let batch = try PackedBatch([ids(model, 8, seed: 38)])
    let workspace = Workspace()
    let layer = 1
    let mlp = Intervention(BlockSite(layer: layer, site: .mlpOut), .zero)
    var skipped = try model.embed(batch, workspace: workspace)
    try model.advance(&skipped, through: 0..<layer, batch, workspace: workspace)
    let before = skipped.values
    try model.advance(&skipped, through: layer + 1..<model.dimensions.layers, batch, workspace: workspace)
    let ablated = try model.forward(
      batch, workspace: workspace, observer: nil,
      interventions: [Intervention(BlockSite(layer: layer, site: .attnOut), .zero), mlp])
    #expect(ablated.values.bits == skipped.values.bits)

    let after = BlockSite(layer: layer, site: .residPost)
    let withoutHeads = try model.values(
      at: [after], of: batch, workspace: workspace,
      interventions: [mlp]
        + (0..<model.dimensions.heads).map {
          Intervention(BlockSite(layer: layer, site: .headOutputs, head: $0), .zero)
        })
    let bias = try #require(model.blocks[layer].wO.bias)
    let d = model.dimensions.hidden
    #expect(withoutHeads[after]?.values.bits == before.indices.map { bias[$0 % d] + before[$0] }.bits)
  }

  @Test(arguments: models) func positionsCountInEachText(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let texts = [ids(model, 3, seed: 39), ids(model, 8, seed: 40), ids(model, 5, seed: 41)]
    let interventions = [
      Intervention(BlockSite(layer: 0, site: .residMid), at: 2, .zero),
      Intervention(BlockSite(layer: 1, site: .headOutputs, head: 0), .zero),
    ]
    let workspace = Workspace()
    let together = try model.forward(
      PackedBatch(texts), workspace: workspace, observer: nil, interventions: interventions)
    let alone = try texts.flatMap {
      try model.forward(PackedBatch([$0]), workspace: workspace, observer: nil, interventions: interventions).values
    }
    #expect(together.values.bits == alone.bits)
  }

  @Test func meansAreOverAllTokens() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let batches = try [
      PackedBatch([ids(model, 4, seed: 42), ids(model, 1, seed: 43)]), PackedBatch([ids(model, 9, seed: 44)]),
    ]
    let sites = [BlockSite(layer: 1, site: .mlpOut), BlockSite(layer: 0, site: .headOutputs, head: 1)]
    let workspace = Workspace()
    let means = try model.means(at: sites, over: batches, workspace: workspace)
    for site in sites {
      let rows = try batches.flatMap { batch in
        let values = try #require(try model.values(at: [site], of: batch, workspace: workspace)[site])
        return (0..<values.rows).map { values[row: $0] }
      }
      #expect(rows.count == 14)
      let expected = rows[0].indices.map { column in rows.reduce(0) { $0 + Double($1[column]) } / 14 }
      expectClose(try #require(means[site]), expected, absolute: 0, relative: 1e-7, "\(site)")
    }
  }

  @Test func whatIsNotThereIsNamed() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let dimensions = model.dimensions
    func run(_ site: BlockSite, at position: Int? = nil, _ replacement: Intervention.Replacement = .zero) throws {
      _ = try model.forward(
        PackedBatch([[1, 2, 3], [4, 5]]), workspace: Workspace(), observer: nil,
        interventions: [Intervention(site, at: position, replacement)])
    }
    #expect(throws: TransformerError.noSuchBlock(site: "L9.mlp", blocks: dimensions.layers)) {
      try run(BlockSite(layer: 9, site: .mlpOut))
    }
    #expect(throws: TransformerError.noSuchBlock(site: "L-1.mlp", blocks: dimensions.layers)) {
      try run(BlockSite(layer: -1, site: .mlpOut))
    }
    #expect(throws: TransformerError.noSuchHead(site: "L0H99", heads: dimensions.heads)) {
      try run(BlockSite(layer: 0, site: .headOutputs, head: 99))
    }
    #expect(throws: TransformerError.noSuchPosition(site: "L0.attn", position: 2, tokens: 2)) {
      try run(BlockSite(layer: 0, site: .attnOut), at: 2)
    }
    #expect(throws: TransformerError.differentWidth(site: "L0.attn", expected: dimensions.hidden, found: 1)) {
      try run(BlockSite(layer: 0, site: .attnOut), .row([1]))
    }
    for site in [Site.attentionInput, .attentionWeights, .mlpInput] {
      #expect(throws: TransformerError.self) { try run(BlockSite(layer: 0, site: site)) }
    }
    #expect(throws: TransformerError.self) { try run(BlockSite(layer: 0, site: .mlpOut, head: 0)) }
    #expect(throws: TransformerError.noSuchBlock(site: "L9.mlp", blocks: dimensions.layers)) {
      try model.values(at: [BlockSite(layer: 9, site: .mlpOut)], of: PackedBatch([[1]]), workspace: Workspace())
    }
  }

  @Test func sitesHaveNames() {
    let names = [
      "embed": BlockSite(layer: 0, site: .residPre), "L5": BlockSite(layer: 5, site: .residPost),
      "L5.attn": BlockSite(layer: 5, site: .attnOut), "L5.mlp": BlockSite(layer: 5, site: .mlpOut),
      "L12.residMid": BlockSite(layer: 12, site: .residMid),
      "L5H3": BlockSite(layer: 5, site: .headOutputs, head: 3),
      "L5H3.keys": BlockSite(layer: 5, site: .keys, head: 3),
    ]
    for (name, site) in names { #expect(BlockSite(name) == site, "\(name)") }
    for site in names.values { #expect(BlockSite(site.description) == site) }
    for wrong in [
      "", "L", "5", "L5.", "L5.wQ", "L5H", "LH3", "L5H3.mlp", "L5H3H4", "L5.attn.mlp", "L+5", "L-1", "L5:1",
      "L5.residMid ",
      "L99999999999999999999",
    ] {
      #expect(BlockSite(wrong) == nil, "\(wrong)")
    }
  }
}
