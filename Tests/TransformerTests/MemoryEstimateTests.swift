import DenseMath
import TestSupport
import Testing
import Transformer

/// The estimated memory of a model, against what a pass really holds.
@Suite struct MemoryEstimateTests {
  @Test(arguments: TinyCheckpoint.Kind.allCases, [1, 3])
  func workingMemoryIsWhatAPassHolds(_ kind: TinyCheckpoint.Kind, threads: Int) throws {
    let directory = try TemporaryDirectory()
    let model = try TinyCheckpoint.make(kind, positions: 300).open(in: directory)
    for tokens in [2, 84, 85, 300] {
      let workspace = Workspace(threads: Threads(threads))
      let ids = [Int32](repeating: 3, count: tokens)
      let h = try model.forward(try PackedBatch([ids]), workspace: workspace)
      let estimate = MemoryEstimate(model, tokens: tokens, threads: workspace.threads)
      #expect(estimate.working == 4 * (h.buffer.count + workspace.count), "\(tokens) tokens")
    }
  }

  @Test func convertedWeightsCountTwice() throws {
    for (name, bytes) in [("tiny/bert", 4), ("variants/bert-float16", 6), ("variants/gpt2-bfloat16", 6)] {
      let model = try Model(directory: Fixtures.path(name))
      let numbers = model.checkpoint.entries.reduce(0) { $0 + $1.count }
      #expect(MemoryEstimate(model, tokens: 1, threads: Threads(1)).mapped == bytes * numbers, "\(name)")
    }
  }
}
