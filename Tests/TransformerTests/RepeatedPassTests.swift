import DenseMath
import TestSupport
import Testing
import Transformer

/// From some pass on, weights are read as products left them packed: every pass has the bits of the first one.
@Suite struct RepeatedPassTests {
  @Test(arguments: Fixtures.trained.map(\.model), Precision.allCases)
  func repeatsTheBits(_ path: String, precision: Precision) throws {
    let model = try Model(directory: path)
    var numbers = SeededNumbers(seed: 53)
    let batches = try [[37, 1, 90], [3], [16]].map { lengths in
      try PackedBatch(lengths.map { numbers.ids(min($0, model.positions), below: model.dimensions.vocabulary) })
    }
    func states(_ model: Model) throws -> [[UInt32]] {
      let workspace = Workspace(threads: Threads(2), precision: precision)
      return try batches.map { try model.forward($0, workspace: workspace).values.bits }
    }
    // Of each batch by a model that has computed nothing before.
    let expected = try batches.map {
      try Model(directory: path).forward($0, workspace: Workspace(threads: Threads(1), precision: precision)).values
        .bits
    }
    for pass in 0..<4 { #expect(try states(model) == expected, "pass \(pass)") }
  }

  /// Rows that are read alone use some columns of a joined weight.
  @Test(arguments: Fixtures.trained.map(\.model)) func scoresRepeat(_ path: String) throws {
    let model = try Model(directory: path)
    let workspace = Workspace(threads: Threads(2))
    var numbers = SeededNumbers(seed: 54)
    let batch = try PackedBatch([19, 40].map { numbers.ids($0, below: model.dimensions.vocabulary) })
    let rows = [0, 18, 58]
    func read() throws -> [UInt32] {
      let h = try model.forward(batch, rows: rows, workspace: workspace, observer: nil, interventions: [])
      return rows.flatMap { row in (0..<h.width).map { h.pointer[row * h.width + $0].bitPattern } }
    }
    let first = try read()
    for _ in 0..<6 { #expect(try read() == first) }
    let whole = try model.forward(batch, workspace: workspace)
    #expect(rows.flatMap { row in (0..<whole.width).map { whole.pointer[row * whole.width + $0].bitPattern } } == first)
  }
}
