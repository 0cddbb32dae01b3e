import Interpretability
import TestSupport
import Testing
import Transformer

/// The lens over one text: the expected value of each cell.
@Suite struct LensTextTests {
  private let ids: [Int32] = [2, 9, 7, 10, 3]

  @Test func followsTheNextTokenOfACausalModelAndTheTargets() throws {
    let model = try Golden.model("tiny/gpt2")
    let lens = try LogitLens(model)
    let workspace = Workspace()
    let text = try lens.read(ids, top: 2, following: LensTargets(4, versus: 5), workspace: workspace)
    #expect(text.positions == [0, 1, 2, 3, 4] && text.truth == [9, 7, 10, 3, nil])
    #expect(text.levels == lens.levels && text.cells.count == lens.levels.count)
    let last = try #require(text.cells.last)
    let h = try model.forward(PackedBatch([ids]), workspace: workspace)
    for place in text.positions {
      let scores = try model.tokenScores(h, row: place, workspace: workspace)
      #expect(last[place].top.map(\.id) == scores.top(2).map(\.id))
      #expect(last[place].top.map(\.logit) == scores.top(2).map(\.logit))
      #expect(last[place].target?.logit == Double(scores.logits[4]))
      #expect(last[place].versus?.logit == Double(scores.logits[5]))
      #expect(last[place].truth?.logit == text.truth[place].map { Double(scores.logits[Int($0)]) })
    }
    let some = try lens.read(ids, at: [3, 1], top: 2, workspace: workspace)
    #expect(some.truth == [3, 7] && some.cells.last?.map(\.top) == [last[3].top, last[1].top])
  }

  @Test func masksOnePlaceAtATime() throws {
    let model = try Golden.model("tiny/bert")
    let lens = try LogitLens(model)
    let workspace = Workspace()
    let text = try lens.readMasking(ids, at: [1, 2, 3], with: 4, top: 3, workspace: workspace)
    #expect(text.truth == [9, 7, 10])
    for (index, place) in [1, 2, 3].enumerated() {
      var masked = ids
      masked[place] = 4
      let h = try model.forward(PackedBatch([masked]), workspace: workspace)
      let scores = try model.tokenScores(h, row: place, workspace: workspace)
      let cell = try #require(text.cells.last)[index]
      #expect(cell.top.map(\.id) == scores.top(3).map(\.id) && cell.top.map(\.logit) == scores.top(3).map(\.logit))
      #expect(cell.truth?.logit == Double(scores.logits[Int(ids[place])]))
    }
    // Unmasked, a masked model's own token is not the truth.
    #expect(try lens.read(ids, workspace: workspace).truth == ids.map { _ in nil })
  }

  /// Changes of sites become interventions whose passes give the numbers of hand-written interventions.
  @Test func changesOfSitesBecomeInterventions() throws {
    let model = try Golden.model("tiny/gpt2")
    let workspace = Workspace()
    let other: [Int32] = [8, 1, 6, 4, 2]
    func interventions(_ change: SiteChange?, meanOver: [PackedBatch]? = nil) throws -> [Intervention] {
      try SiteChanger([#require(change)], of: model, meanOver: meanOver, workspace: workspace) { text in
        text == "other" ? other : [1, 2]
      }.interventions(for: ids)
    }
    let mlp = BlockSite(layer: 1, site: .mlpOut)
    #expect(try interventions(SiteChange(ablation: "L1.mlp@2")) == [Intervention(mlp, at: 2, .zero)])
    let donor = try #require(try model.values(at: [mlp], of: PackedBatch([other]), workspace: workspace)[mlp])
    #expect(
      try interventions(SiteChange(patch: "L1.mlp@2=from@4:other")) == [Intervention(mlp, at: 2, .row(donor[row: 4]))])
    #expect(
      try interventions(SiteChange(patch: "L1.mlp=from:other"))
        == (0..<5).map { Intervention(mlp, at: $0, .row(donor[row: $0])) })
    let mean = try model.means(at: [mlp], over: [PackedBatch([other])], workspace: workspace)[mlp]
    #expect(
      try interventions(SiteChange(ablation: "L1.mlp=mean"), meanOver: [PackedBatch([other])])
        == [Intervention(mlp, .row(try #require(mean)))])
    #expect(throws: InterpretabilityError.patchOfAnotherLength(site: "\(mlp)", text: "short", found: 2, expected: 5)) {
      try interventions(SiteChange(patch: "L1.mlp=from:short"))
    }
    #expect(throws: InterpretabilityError.noPatchPosition(site: "\(mlp)", text: "short", position: 3, tokens: 2)) {
      try interventions(SiteChange(patch: "L1.mlp@3=from:short"))
    }
    #expect(SiteChange(ablation: "L1.nothing") == nil && SiteChange(patch: "L1.mlp=other") == nil)
  }
}
