import DenseMath
import Evaluation
import Interpretability
import TestSupport
import Testing
import Transformer

/// A sweep gives each part the logit difference of a pass with that one change, bit for bit.
@Suite struct SweepTests {
  private static let models = [
    "tiny/gpt2", "tiny/bert", "variants/roberta", "variants/distilbert", "variants/gpt2-odd-sizes",
  ]
  private static let ids: [Int32] = [2, 9, 7, 10, 3, 8, 5]
  /// The first two tokens are those of `ids`.
  private static let other: [Int32] = [2, 9, 12, 4, 3, 11, 6]

  /// LD at each part, from the lens over one text with one change.
  private func singly(
    _ model: Model, _ sweep: SiteSweep, _ positions: [Int], workspace: Workspace, change: (String) -> SiteChange?
  ) throws -> [[Double]] {
    let lens = try LogitLens(model)
    return try sweep.sites.map { site in
      try (0..<sweep.columns).map { column in
        let head = BlockSite(layer: site.layer, site: site.site, head: column)
        let change = try #require(change(sweep.kind == .heads ? "\(head)" : "\(site)@\(column)"))
        let interventions = try SiteChanger([change], of: model, workspace: workspace) { _ in Self.other }
          .interventions(for: Self.ids)
        let text = try lens.read(
          Self.ids, at: positions, top: 1, following: LensTargets(4, versus: 6), interventions: interventions,
          workspace: workspace)
        let cells = try #require(text.cells.last)
        let differences = try cells.map { try #require($0.target).logit - #require($0.versus).logit }
        return differences.reduce(0, +) / Double(positions.count)
      }
    }
  }

  @Test(arguments: models, SiteSweep.Kind.allCases) func patchesEqualSinglePatches(
    _ name: String, _ kind: SiteSweep.Kind
  ) throws {
    let model = try Golden.model(name)
    for (positions, precision) in [([6], Precision.float32), ([3], .float32), ([1, 4], .bfloat16)] {
      let workspace = Workspace(threads: Threads(2), precision: precision)
      let sweep = try SiteSweep.patching(
        kind, in: Self.ids, from: Self.other, reading: .init(4, versus: 6, at: positions), model: model,
        workspace: workspace)
      #expect(sweep.positions == positions && sweep.method == .patch)
      #expect(sweep.sites.count == model.dimensions.layers + (kind == .residPost ? 1 : 0))
      #expect(sweep.columns == (kind == .heads ? model.dimensions.heads : Self.ids.count))
      let expected = try singly(model, sweep, positions, workspace: workspace) { SiteChange(patch: "\($0)=from:other") }
      #expect(sweep.differences == expected, "at \(positions)")
      #expect(Set(sweep.differences.joined()).count > 2)
      let own = try SiteSweep.patching(
        kind, in: Self.other, from: Self.ids, reading: .init(4, versus: 6, at: positions), model: model,
        workspace: workspace)
      #expect(own.difference == sweep.sourceDifference && own.sourceDifference == sweep.difference)
    }
  }

  @Test(arguments: models, SiteSweep.Kind.allCases) func ablationsEqualSingleAblations(
    _ name: String, _ kind: SiteSweep.Kind
  ) throws {
    let model = try Golden.model(name)
    let workspace = Workspace(threads: Threads(3))
    for (ablation, word) in [(SiteSweep.Ablation.zero, "zero"), (.mean(over: nil), "mean")] {
      let sweep = try SiteSweep.ablating(
        kind, in: Self.ids, to: ablation, reading: .init(4, versus: 6, at: [4]), model: model, workspace: workspace)
      #expect(sweep.method.rawValue == word && sweep.sourceDifference == nil)
      let expected = try singly(model, sweep, [4], workspace: workspace) { SiteChange(ablation: "\($0)=\(word)") }
      #expect(sweep.differences == expected)
    }
    let texts = try [PackedBatch([Self.other, [3, 4]])]
    let over = try SiteSweep.ablating(
      kind, in: Self.ids, to: .mean(over: texts), reading: .init(4, versus: 6), model: model, workspace: workspace)
    let own = try SiteSweep.ablating(
      kind, in: Self.ids, to: .mean(over: nil), reading: .init(4, versus: 6), model: model, workspace: workspace)
    #expect(over.differences != own.differences && over.difference == own.difference)
  }

  /// Many changes make several batches.
  @Test(arguments: ["tiny/gpt2", "tiny/bert"]) func batchesDoNotShow(_ name: String) throws {
    let model = try Golden.model(name)
    var numbers = SeededNumbers(seed: 5)
    let count = model.positions
    let texts = (0..<2).map { _ in
      (0..<count).map { _ in Int32(numbers.next() % UInt64(model.dimensions.vocabulary)) }
    }
    let workspace = Workspace(threads: Threads(2))
    let sweep = try SiteSweep.patching(
      .residPost, in: texts[0], from: texts[1], reading: .init(4, versus: 6), model: model, workspace: workspace)
    let values = try model.values(at: sweep.sites, of: PackedBatch([texts[1]]), workspace: workspace)
    let head = try model.requireUnembedding()
    for site in [sweep.sites[0], sweep.sites[1]] {
      for token in stride(from: 0, to: count, by: 7) {
        let h = try model.forward(
          PackedBatch([texts[0]]), workspace: workspace,
          interventions: [Intervention(site, at: token, .row(#require(values[site])[row: token]))])
        let scores = FloatBuffer(count: head.vocabulary)
        head.apply(h.pointer + (count - 1) * h.width, rows: 1, into: scores.pointer, workspace: workspace)
        let row = try #require(sweep.sites.firstIndex(of: site))
        #expect(sweep.differences[row][token] == Double(scores.pointer[4]) - Double(scores.pointer[6]))
      }
    }
  }

  /// In a causal model neither the tokens that both texts begin with nor those after the last position read matter.
  @Test func leavesOutWhatChangesNothing() throws {
    let model = try Golden.model("tiny/gpt2")
    let sweep = try SiteSweep.patching(
      .mlpOut, in: Self.ids, from: Self.other, reading: .init(4, versus: 6, at: [4]), model: model,
      workspace: Workspace())
    for (site, row) in zip(sweep.sites, sweep.differences) {
      for token in [0, 1, 5, 6] { #expect(row[token] == sweep.difference) }
      // The last block's output at another token is read by nothing.
      #expect((row[2] != sweep.difference) == (site.layer < model.dimensions.layers - 1))
      #expect(row[4] != sweep.difference)
    }
    #expect(sweep.effects[0][5] == 0)
  }

  @Test func effectsAreShares() {
    func sweep(_ method: SiteSweep.Method, text: Double, source: Double?) -> SiteSweep {
      SiteSweep(
        kind: .heads, method: method, sites: [BlockSite(layer: 0, site: .headOutputs)], positions: [0],
        difference: text, sourceDifference: source, differences: [[1, 2, 3.5]])
    }
    #expect(sweep(.patch, text: 1, source: 3).effects == [[0, 0.5, 1.25]])
    #expect(sweep(.patch, text: 1, source: 3).relativeEffects == nil)
    #expect(sweep(.patch, text: 1, source: 1).effects == [[nil, nil, nil]])
    #expect(sweep(.zero, text: 2, source: nil).effects == [[-1, 0, 1.5]])
    #expect(sweep(.zero, text: 2, source: nil).relativeEffects == [[-0.5, 0, 0.75]])
    #expect(sweep(.zero, text: 0, source: nil).relativeEffects == [[nil, nil, nil]])
    #expect(sweep(.zero, text: 0, source: nil).effects == [[1, 2, 3.5]])
  }

  @Test func meansHaveIntervalsAndLeaveOutWhatHasNoEffect() throws {
    let site = [BlockSite(layer: 0, site: .headOutputs)]
    func sweep(_ text: Double, _ source: Double, _ differences: [Double]) -> SiteSweep {
      SiteSweep(
        kind: .heads, method: .patch, sites: site, positions: [0], difference: text, sourceDifference: source,
        differences: [differences])
    }
    let means = try SweepMeans([sweep(0, 2, [1, 2]), sweep(1, 1, [5, 5]), sweep(0, 4, [1, 0])], seed: 3)
    let first = means.effects[0][0]
    #expect(first.mean == 0.375 && first.texts == 2 && first.difference == 7.0 / 3)
    #expect(first.interval == .bootstrap(meanOf: [0.5, 0.25], seed: 3))
    #expect(means.difference == 1.0 / 3 && means.sourceDifference == 7.0 / 3)
    let none = try SweepMeans([sweep(1, 1, [5, 5])], seed: 3).effects[0][0]
    #expect(none.mean == nil && none.interval == nil && none.texts == 0 && none.difference == 5)
    #expect(throws: InterpretabilityError.sweepsOfDifferentShapes(text: 2, found: 3, expected: 2)) {
      try SweepMeans([sweep(0, 1, [1, 2]), sweep(0, 1, [1, 2, 3])], seed: 3)
    }
    #expect(throws: InterpretabilityError.nothingToPredict) { try SweepMeans([], seed: 3) }
  }

  @Test func countsAndStops() throws {
    let model = try Golden.model("tiny/bert")
    func run(_ progress: ProgressHandler) throws {
      _ = try SiteSweep.patching(
        .residPost, in: Self.ids, from: Self.other, reading: .init(4, versus: 6), model: model, workspace: Workspace(),
        progress: progress)
    }
    let recorder = ProgressRecorder()
    try run(recorder.handler)
    #expect(recorder.done.last == (model.dimensions.layers + 1) * Self.ids.count)
    #expect(zip(recorder.done, recorder.done.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(throws: CancellationError.self) {
      try run(ProgressHandler(begin: { _ in { _ in } }, isCancelled: { true }))
    }
  }

  @Test func refusesWhatHasNoSweep() throws {
    let model = try Golden.model("tiny/gpt2")
    func patch(_ source: [Int32], _ reading: SiteSweep.Reading) throws {
      _ = try SiteSweep.patching(
        .heads, in: Self.ids, from: source, reading: reading, model: model, workspace: Workspace())
    }
    #expect(throws: InterpretabilityError.sweepOfAnotherLength(found: 6, expected: 7)) {
      try patch(Array(Self.other.dropLast()), .init(4, versus: 6))
    }
    #expect(throws: InterpretabilityError.noSuchRow(7, tokens: 7)) {
      try patch(Self.other, .init(4, versus: 6, at: [0, 7]))
    }
    let vocabulary = model.dimensions.vocabulary
    #expect(throws: InterpretabilityError.noSuchToken(vocabulary, vocabulary: vocabulary)) {
      try patch(Self.other, .init(4, versus: Int32(vocabulary)))
    }
  }
}
