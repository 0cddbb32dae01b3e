import DenseMath
import Foundation
import TestSupport
import Testing
import Transformer

/// Passes that compute some rows of the last block: the same bits in these, and NaN in the others.
@Suite struct RowsReadTests {
  static let models =
    [
      "tiny/bert", "tiny/bert-wide", "tiny/gpt2", "variants/gpt2-odd-sizes", "variants/gpt2-unscaled",
      "variants/distilbert", "variants/roberta",
    ].map { Fixtures.path($0) } + Fixtures.trained.prefix(3).map(\.model)

  private final class Recorder: Observer {
    let sites: [(Site, Int)]
    private(set) var seen: [String: [UInt32]] = [:]

    init(_ sites: [(Site, Int)]) { self.sites = sites }

    func wants(_ site: Site, layer: Int) -> Bool { sites.contains { $0 == (site, layer) } }

    func observe(_ observation: Observation) {
      seen["\(observation.site) \(observation.layer)", default: []] += observation.copy().map(\.bitPattern)
    }
  }

  private func batch(_ model: Model, lengths: [Int]) throws -> PackedBatch {
    var numbers = SeededNumbers(seed: 31)
    return try PackedBatch(lengths.map { numbers.ids($0, below: model.dimensions.vocabulary) })
  }

  private func check(_ h: HiddenState, _ whole: HiddenState, rows: [Int], _ what: String) {
    let read = Set(rows)
    for row in 0..<whole.tokens {
      let (found, expected) = (0..<whole.width).reduce(into: ([UInt32](), [UInt32]())) { bits, column in
        bits.0.append(h.pointer[row * h.width + column].bitPattern)
        bits.1.append(whole.pointer[row * h.width + column].bitPattern)
      }
      if read.contains(row) {
        #expect(found == expected, "\(what), row \(row) of \(rows)")
      } else {
        #expect(found.allSatisfy { Float(bitPattern: $0).isNaN }, "\(what), row \(row) of \(rows)")
      }
    }
  }

  @Test(arguments: models, [1, 3]) func rowsAloneHaveTheBitsOfAll(_ path: String, threads: Int) throws {
    let model = try Model(directory: path)
    let workspace = Workspace(threads: Threads(threads))
    let batch = try batch(model, lengths: [5, 1, min(model.positions, 190), 8])
    let whole = try model.forward(batch, workspace: workspace)
    let starts = batch.sequences.map(\.lowerBound), ends = batch.sequences.map { $0.upperBound - 1 }
    let scattered = [0, 2, 3, 5, 6, 8, 9, 10, batch.tokens - 1]
    for rows in [starts, ends, scattered, [4], [], Array(0..<batch.tokens), Array(1..<batch.tokens)] {
      let h = try model.forward(batch, rows: rows, workspace: workspace, observer: nil, interventions: [])
      check(h, whole, rows: rows, path)
      // The last block alone, from states that others share.
      var state = try model.embed(batch, workspace: workspace)
      let layers = model.dimensions.layers
      try model.advance(&state, through: 0..<layers - 1, batch, workspace: workspace)
      let before = state.values.map(\.bitPattern)
      var last = state
      try model.advance(&last, through: layers - 1..<layers, batch, rows: rows, workspace: workspace)
      check(last, whole, rows: rows, path)
      #expect(state.values.map(\.bitPattern) == before)
    }
  }

  /// An observer of the last block sees all rows, and so does an intervention there.
  @Test(arguments: models) func observersSeeAllRows(_ path: String) throws {
    let model = try Model(directory: path)
    let (workspace, last) = (Workspace(threads: Threads(2)), model.dimensions.layers - 1)
    let batch = try batch(model, lengths: [6, 9])
    for site in Site.allCases {
      let (all, few) = (Recorder([(site, last)]), Recorder([(site, last)]))
      let whole = try model.forward(batch, workspace: workspace, observer: all)
      let h = try model.forward(batch, rows: [0, 6], workspace: workspace, observer: few, interventions: [])
      #expect(few.seen == all.seen && !all.seen.isEmpty, "\(site)")
      #expect((0..<h.width).allSatisfy { h.pointer[6 * h.width + $0] == whole.pointer[6 * h.width + $0] }, "\(site)")
    }
    let ablation = Intervention(BlockSite(layer: last, site: .residMid), at: 3, .zero)
    let whole = try model.forward(batch, workspace: workspace, interventions: [ablation])
    let h = try model.forward(batch, rows: [0, 3], workspace: workspace, observer: nil, interventions: [ablation])
    for row in [0, 3] {
      #expect((0..<h.width).allSatisfy { h.pointer[row * h.width + $0] == whole.pointer[row * h.width + $0] })
    }
  }
}
