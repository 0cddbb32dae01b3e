import Checkpoints
import DenseMath
import Files
import Interpretability
import Training
import Transformer

/// The cases that need derivatives.
extension BenchCase {
  /// A step of fine-tuning: 16 texts of 128 tokens through the frozen blocks and the last 3, back through these, and
  /// AdamW. The labels are 0 and 1 in turn.
  static func trainStep(_ arguments: BenchArguments) throws -> BenchCase {
    let checkpoint = try Checkpoint(directory: arguments.required("model"))
    let layers = try Model(checkpoint).dimensions.layers
    let trainable = try Trainable(checkpoint, lastBlocks: min(3, layers), weightsOnly: false)
    let workspace = Workspace(threads: arguments.threads)
    let derivatives = DerivativeWorkspace(threads: arguments.threads)
    let batch = try PackedBatch(ids(sequences: 16, length: 128, vocabulary: trainable.model.dimensions.vocabulary))
    let labels = (0..<16).map { $0 % 2 }
    var optimizer = AdamW(trainable.parameters, settings: AdamW.Settings(weightDecay: 0.01))
    var first: Double?
    let run: () throws -> JSON = {
      let loss = try trainable.gradient(
        from: trainable.frozenState(of: batch, workspace: workspace), batch, labels: labels, workspace: workspace,
        derivatives: derivatives
      ).loss
      optimizer.step(rate: 1e-5, clip: 1, threads: arguments.threads)
      first = first ?? loss
      return ["first_loss": .number(first ?? loss)]
    }
    _ = try run()
    return BenchCase(run: run)
  }

  /// Exact attribution of every level of a text of 64 tokens: all T d directions.
  static func attribution(_ arguments: BenchArguments) throws -> BenchCase {
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads)
    let derivatives = DerivativeWorkspace(threads: arguments.threads)
    let batch = try PackedBatch(ids(sequences: 1, length: 64, vocabulary: model.dimensions.vocabulary))
    func norms(_ tokens: Range<Int>) throws -> [[Double]] {
      try TokenAttribution.norms(of: model, batch, tokens: tokens, workspace: workspace, derivatives: derivatives)
    }
    _ = try norms(0..<1)
    return BenchCase {
      // Of the last level, ‖∂h_j / ∂x_0‖ for the first eight j.
      let last = try norms(0..<batch.tokens).last ?? []
      return ["last_level": .array((0..<8).map { .number(last[$0 * batch.tokens]) })]
    }
  }

  /// Id i of the batch is (7919 i + 104729) mod V.
  private static func ids(sequences: Int, length: Int, vocabulary: Int) -> [[Int32]] {
    (0..<sequences).map { row in
      (0..<length).map { Int32((7919 * (row * length + $0) + 104729) % vocabulary) }
    }
  }
}
