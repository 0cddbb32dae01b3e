import Interpretability
import Stitching
import TestSupport
import Testing
import Transformer

/// A stitched model through the lens: each part is read by its own head.
@Suite struct StitchedLensTests {
  /// Blocks 0 and 1 of imdb-bert-2 below the last two of imdb-bert-1.
  private func splice() throws -> StitchedModel {
    let (a, b) = (try Golden.model("trained/imdb-bert-2"), try Golden.model("trained/imdb-bert-1"))
    let map = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 1, threads: .available).map(.pinv)
    return try StitchedModel(pretrained: a, kept: 2, map: map, finetuned: b, transplanted: 2)
  }

  private let ids: [Int32] = [2, 9, 77, 1023, 4, 3]

  private func readings(
    _ model: any TransformerModel, _ heads: [Unembedding], _ interventions: [Intervention] = []
  ) throws -> [[LensCell]] {
    let lens = try LogitLens(model, heads: heads, levels: LensLevel.all(blocks: model.blockDimensions.count))
    var all: [[LensCell]] = []
    try lens.read(
      PackedBatch([ids]), rows: Array(ids.indices), top: 5, interventions: interventions, workspace: Workspace()
    ) { all.append($1) }
    return all
  }

  @Test func eachPartIsReadByItsOwnHead() throws {
    let model = try splice()
    let (headA, headB) = (try model.pretrained.requireUnembedding(), try model.finetuned.requireUnembedding())
    let found = try readings(model, [headA, headB])
    let own = try readings(model.pretrained, [headA])
    let workspace = Workspace()
    let last = try model.forward(PackedBatch([ids]), workspace: workspace)
    let state = BlockSite(layer: 2, site: .residPost)
    let middle = try #require(try model.values(at: [state], of: PackedBatch([ids]), workspace: workspace)[state])
    let between = HiddenState(copying: middle.values, tokens: ids.count, width: middle.columns)
    for position in ids.indices {
      // embed, L0 and L1 are A's, whose own lens reads the same.
      for level in 0..<3 {
        #expect(found[position][level].top == own[position][level].top)
        #expect(found[position][level].entropy == own[position][level].entropy)
      }
      // L2 and L3 are B's: the head of the whole reads them.
      for (level, h) in [(3, between), (4, last)] {
        let scores = try model.tokenScores(h, row: position, workspace: workspace)
        #expect(found[position][level].top.map(\.logit) == scores.top(5).map(\.logit))
        #expect(found[position][level].top.map(\.id) == scores.top(5).map(\.id))
      }
    }
    // With the heads exchanged the reading differs.
    #expect(try readings(model, [headB, headA])[0][0].top != found[0][0].top)
  }

  /// Blocks count through the stitched model; the map's input and B's blocks can be changed, too.
  @Test func interventionsCountItsBlocks() throws {
    let model = try splice()
    let heads = [try model.pretrained.requireUnembedding(), try model.finetuned.requireUnembedding()]
    let workspace = Workspace()
    let batch = try PackedBatch([ids])
    let plain = try model.forward(batch, workspace: workspace).values
    for layer in 0..<4 {
      let site = BlockSite(layer: layer, site: .mlpOut)
      let own = try #require(try model.values(at: [site], of: batch, workspace: workspace)[site])
      let same = try model.forward(
        batch, workspace: workspace, observer: nil,
        interventions: ids.indices.map { Intervention(site, at: $0, .row(own[row: $0])) })
      #expect(same.values == plain)
      let changed = try readings(model, heads, [Intervention(site, .zero)])
      let unchanged = try readings(model, heads)
      // Levels below stay, those above change.
      for level in 0..<5 {
        #expect((changed[1][level].top == unchanged[1][level].top) == (level <= layer), "L\(layer), level \(level)")
      }
    }
    // B's block 2 is the stitched model's block 2, whose input comes from A's blocks and the map.
    var h = try model.pretrained.embed(batch, workspace: workspace)
    try model.pretrained.advance(&h, through: 0..<2, batch, workspace: workspace)
    let ablation = Intervention(BlockSite(layer: 2, site: .headOutputs, head: 1), .zero)
    let whole = try model.forward(batch, workspace: workspace, observer: nil, interventions: [ablation])
    #expect(
      try model.finish([h], batch, workspace: workspace, interventions: [ablation]).values == whole.values
        && whole.values != plain)
    #expect(throws: TransformerError.noSuchBlock(site: "L4.mlp", blocks: 4)) {
      try readings(model, heads, [Intervention(BlockSite(layer: 4, site: .mlpOut), .zero)])
    }
  }
}
