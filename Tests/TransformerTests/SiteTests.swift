import Checkpoints
import DenseMath
import TestSupport
import Testing
import Transformer

/// Records the sites that it wants.
final class SiteRecorder: Observer {
  struct Entry {
    let site: Site
    let layer: Int
    let sequence: Int?
    let values: [Float]
  }

  private let wanted: (Site) -> Bool
  private(set) var entries: [Entry] = []

  init(wanting wanted: @escaping (Site) -> Bool = { _ in true }) { self.wanted = wanted }

  func wants(_ site: Site, layer: Int) -> Bool { wanted(site) }

  func observe(_ observation: Observation) throws {
    entries.append(
      Entry(
        site: observation.site, layer: observation.layer, sequence: observation.sequence, values: observation.copy()))
  }
}

/// What the forward pass announces: every site of every block against the Double oracle, in order, without changing it.
@Suite struct SiteTests {
  /// Every site within 2e-5 of its largest magnitude; measured: at most 2.1e-6 (attention weights).
  @Test(arguments: Fixtures.small) func everySiteMatches(_ golden: Fixtures.Golden) throws {
    let model = try Model(directory: golden.model)
    let oracle = try Oracle(directory: golden.model)
    var numbers = SeededNumbers(seed: 11)
    for count in [1, 2, 13, model.positions] {
      let ids = numbers.ids(count, below: model.dimensions.vocabulary)
      let types: [Int32]? = golden.description.contains("three-types") ? numbers.ids(count, below: 3) : nil
      try check(model, oracle, ids, types)
    }
  }

  /// Longer than a tile of attention's query rows (84), on one thread and on two, in a workspace that a text has used.
  @Test(arguments: TinyCheckpoint.Kind.allCases, [85, 129, 300])
  func longTextsMatch(_ kind: TinyCheckpoint.Kind, count: Int) throws {
    let directory = try TemporaryDirectory()
    let model = try TinyCheckpoint.make(kind, positions: 300).open(in: directory)
    var numbers = SeededNumbers(seed: 12)
    try check(
      model, try Oracle(directory: directory.path), numbers.ids(count, below: model.dimensions.vocabulary), nil,
      threads: [1, 2])
  }

  private func check(
    _ model: Model, _ oracle: Oracle, _ ids: [Int32], _ types: [Int32]?, threads: [Int] = [1]
  ) throws {
    let expected = try oracle.forward(ids.map(Int.init), tokenTypes: types?.map(Int.init))
    let batch = try PackedBatch([ids], tokenTypes: types.map { [$0] })
    for threads in threads {
      let workspace = Workspace(threads: Threads(threads))
      let other = try PackedBatch([[Int32](repeating: 3, count: model.positions)])
      _ = try model.forward(other, workspace: workspace, observer: SiteRecorder())
      let recorder = SiteRecorder()
      _ = try model.forward(batch, workspace: workspace, observer: recorder)
      #expect(recorder.entries.count == Site.allCases.count * model.dimensions.layers)
      for entry in recorder.entries {
        let name = "\(entry.site.rawValue).\(entry.layer)"
        expectCloseToLargest(
          entry.values, try #require(expected.sites[name]), fraction: 2e-5, "\(name) of \(ids.count) tokens")
      }
    }
  }

  static let observed = ["tiny/bert", "tiny/gpt2", "variants/bert-odd-sizes", "variants/gpt2-odd-sizes"]

  @Test(arguments: observed) func observingChangesNothing(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let batch = try mixedBatch(model)
    let workspace = Workspace(threads: Threads(2))
    let plain = try model.forward(batch, workspace: workspace).values
    #expect(try model.forward(batch, workspace: workspace, observer: SiteRecorder()).values.bits == plain.bits)
    for site in Site.allCases {
      let recorder = SiteRecorder { $0 == site }
      let observed = try model.forward(batch, workspace: workspace, observer: recorder).values
      #expect(observed.bits == plain.bits, "\(site)")
      #expect(recorder.entries.allSatisfy { $0.site == site })
    }
  }

  @Test(arguments: observed) func sitesComeInOrder(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let recorder = SiteRecorder()
    let batch = try mixedBatch(model)
    _ = try model.forward(batch, workspace: Workspace(), observer: recorder)
    let order: [Site] = [
      .residPre, .attentionInput, .queries, .keys, .values, .attentionWeights, .attentionWeights, .attentionWeights,
      .headOutputs, .attnOut, .residMid, .mlpInput, .mlpPreActivation, .mlpHidden, .mlpOut, .residPost,
    ]
    let layers = model.dimensions.layers
    #expect(recorder.entries.map(\.site) == (0..<layers).flatMap { _ in order })
    #expect(recorder.entries.map(\.layer) == (0..<layers).flatMap { layer in order.map { _ in layer } })
    let sequences = recorder.entries.filter { $0.site == .attentionWeights }.map(\.sequence)
    #expect(sequences == (0..<layers).flatMap { _ in [0, 1, 2] })
    #expect(recorder.entries.allSatisfy { $0.site == .attentionWeights || $0.sequence == nil })
  }

  @Test(arguments: observed) func attentionWeightsAreDistributions(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let recorder = SiteRecorder { $0 == .attentionWeights }
    let batch = try mixedBatch(model)
    _ = try model.forward(batch, workspace: Workspace(), observer: recorder)
    for entry in recorder.entries {
      let count = batch.sequences[try #require(entry.sequence)].count
      #expect(entry.values.count == model.dimensions.heads * count * count)
      for row in 0..<model.dimensions.heads * count {
        let weights = entry.values[row * count..<(row + 1) * count]
        #expect(weights.allSatisfy { $0 >= 0 })
        expectClose([weights.reduce(0) { $0 + Double($1) }], [1], absolute: 1e-6, relative: 0, "row \(row)")
        if model.traits.isCausal {
          #expect(weights.dropFirst(row % count + 1).allSatisfy { $0.bitPattern == 0 }, "keys after the query")
        }
      }
    }
  }

  @Test func whatTheObserverThrowsEndsThePass() throws {
    struct Stop: Error {}
    final class Stopper: Observer {
      func wants(_ site: Site, layer: Int) -> Bool { site == .mlpOut && layer == 1 }
      func observe(_ observation: Observation) throws { throw Stop() }
    }
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let batch = try mixedBatch(model)
    let workspace = Workspace()
    let plain = try model.forward(batch, workspace: workspace).values
    #expect(throws: Stop.self) { try model.forward(batch, workspace: workspace, observer: Stopper()) }
    #expect(try model.forward(batch, workspace: workspace).values.bits == plain.bits)
  }

  private func mixedBatch(_ model: Model) throws -> PackedBatch {
    var numbers = SeededNumbers(seed: 13)
    return try PackedBatch([7, 1, 19].map { numbers.ids($0, below: model.dimensions.vocabulary) })
  }
}
