import DenseMath
import TestSupport
import Testing
import Transformer

/// Passes whose products read bfloat16 numbers.
@Suite struct PrecisionTests {
  static let models =
    (Fixtures.tiny + Fixtures.trained).map(\.model)
    + ["distilbert", "roberta", "gpt2-odd-sizes"].map { Fixtures.path("variants/" + $0) }

  private func batch(_ model: Model, _ lengths: [Int]) throws -> PackedBatch {
    var numbers = SeededNumbers(seed: 41)
    return try PackedBatch(lengths.map { numbers.ids(min($0, model.positions), below: model.dimensions.vocabulary) })
  }

  /// A product of numbers with 8 significant bits is within 2^-7 of itself; what sums of many and the norms leave of that
  /// is measured: at most 0.024 of the largest number, and it is there.
  @Test(arguments: models) func isCloseToFloat32(_ path: String) throws {
    let model = try Model(directory: path)
    let batch = try batch(model, [37, 1, 120])
    let exact = try model.forward(batch, workspace: Workspace(threads: Threads(2))).values
    let rounded = try model.forward(batch, workspace: Workspace(threads: Threads(2), precision: .bfloat16)).values
    let largest = exact.reduce(0) { max($0, abs($1)) }
    let error = zip(exact, rounded).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
    #expect(error < 0.04 && error > 1e-4, "\(error)")
  }

  /// As in Float32: no bit depends on threads, on the other texts, or on which rows are read.
  @Test(arguments: models) func bitsAreTheTexts(_ path: String) throws {
    let model = try Model(directory: path)
    let workspace = Workspace(threads: Threads(2), precision: .bfloat16)
    let batch = try batch(model, [37, 1, 120])
    let whole = try model.forward(batch, workspace: workspace)
    for threads in [1, 3] {
      let other = Workspace(threads: Threads(threads), precision: .bfloat16)
      #expect(try model.forward(batch, workspace: other).values.bits == whole.values.bits)
    }
    for sequence in batch.sequences {
      let alone = try model.forward(PackedBatch([Array(batch.ids[sequence])]), workspace: workspace)
      #expect(
        alone.values.bits
          == Array(whole.values[sequence.lowerBound * whole.width..<sequence.upperBound * whole.width]).bits)
    }
    let last = batch.sequences.map { $0.upperBound - 1 }
    let few = try model.forward(batch, rows: last, workspace: workspace, observer: nil, interventions: [])
    for row in last {
      let range = row * whole.width..<(row + 1) * whole.width
      #expect(Array(few.values[range]).bits == Array(whole.values[range]).bits)
    }
  }
}
