import DenseMath
import Transformer

/// Effective attention (Brunner et al., "On Identifiability in Transformers", 2020, section 3): a head's attention
/// weights A without the part that does not affect its output.
///
/// With T = (X W_V + b_V) W_O a head adds A T to the residual stream. Any vector with product 0 with T can be added to
/// a row of A without an effect; T has rank at most dHead, so in a text of more tokens there are such vectors. A⊥ = A U
/// Uᵀ with U the left singular vectors of T above the tolerance. In a causal model row i is projected within the tokens
/// 0...i. A⊥'s numbers may be negative and its rows need not sum to 1.
///
/// An observer of the forward pass: residual stream and attention weights are Float32, everything from there on is
/// Double.
package struct EffectiveAttention: Sendable {
  /// One head in one text.
  package struct Head: Sendable {
    package let layer: Int
    package let head: Int
    /// The model's attention weights, [T, T]; row i is the attention of token i.
    package let raw: DoubleMatrix
    /// [T, T]
    package let effective: DoubleMatrix
    /// Singular values of the whole T above the tolerance.
    package let rank: Int
    /// The rank for each row of A: in a causal model that of the rows it sees, else `rank`.
    package let rowRanks: [Int]
    /// Dimensions of the null space within probability rows: vectors with product 0 with T whose numbers sum to 0.
    package let simplexNullDimension: Int
    /// ‖A⊥ T - A T‖ / ‖A T‖, Frobenius norms; 0 where both are 0.
    package let outputError: Double

    /// Dimensions of the null space of the whole T.
    package var nullDimension: Int { raw.rows - rank }
  }

  /// Singular values above this times the largest count.
  package static let defaultTolerance = 1e-10
  /// The bound on ‖A⊥ T - A T‖ / ‖A T‖.
  package static let outputTolerance = 1e-6

  /// One per block of the model.
  package let blocks: [AttentionValues]
  package let tolerance: Double

  package init(blocks: [AttentionValues], tolerance: Double = defaultTolerance) {
    self.blocks = blocks
    self.tolerance = tolerance
  }

  /// Runs the model and passes all heads of each block and text to `receive`, in the order of the pass. - Parameter layers:
  /// the blocks whose heads are computed; nil for all. - Throws:
  /// `TransformerError` for a batch that the model does not support; `InterpretabilityError.outputChanged` when the
  /// tolerance is so large that the effective weights change the head's output; `LinearAlgebraError`; what `receive`
  /// throws.
  package func read(
    _ model: any TransformerModel, _ batch: PackedBatch, layers: Set<Int>? = nil, workspace: Workspace,
    receive: (_ sequence: Int, _ heads: [Head]) throws -> Void
  ) throws {
    precondition(blocks.count == model.blockDimensions.count, "one block of values a block of the model")
    try withoutActuallyEscaping(receive) { receive in
      let reader = Reader(self, batch, layers: layers, threads: workspace.threads, receive: receive)
      _ = try model.forward(batch, workspace: workspace, observer: reader)
    }
  }

  /// - Parameters:
  ///   - weights: [T, T]
  ///   - values: of the text, [T, d].
  fileprivate func head(_ head: Int, layer: Int, weights: DoubleMatrix, values: DoubleMatrix) throws -> Head {
    let block = blocks[layer]
    let reduced = block.reducedOutput(values, head: head)
    let space = try ColumnSpace(reduced, tolerance: tolerance)
    let effective: DoubleMatrix
    let rowRanks: [Int]
    if block.isCausal {
      let result = try CausalColumnSpaces(reduced, whole: space, tolerance: tolerance).project(weights)
      (effective, rowRanks) = (result.projected, result.ranks)
    } else {
      effective = space.project(weights)
      rowRanks = [Int](repeating: space.rank, count: weights.rows)
    }
    let error = outputError(weights, effective, values, block: block, head: head)
    guard error <= Self.outputTolerance else {
      throw InterpretabilityError.outputChanged(
        layer: layer, head: head, error: error, allowed: Self.outputTolerance, tolerance: tolerance)
    }
    return Head(
      layer: layer, head: head, raw: weights, effective: effective, rank: space.rank, rowRanks: rowRanks,
      simplexNullDimension: weights.rows - space.rankWithOnes(tolerance: tolerance), outputError: error)
  }

  private func outputError(
    _ raw: DoubleMatrix, _ effective: DoubleMatrix, _ values: DoubleMatrix, block: AttentionValues, head: Int
  ) -> Double {
    var difference = raw
    for index in difference.values.indices { difference.values[index] -= effective.values[index] }
    let lost = block.output(difference, values, head: head).frobeniusNorm
    return lost == 0 ? 0 : lost / block.output(raw, values, head: head).frobeniusNorm
  }
}

private final class Reader: Observer {
  private let method: EffectiveAttention
  private let batch: PackedBatch
  private let layers: Set<Int>?
  private let threads: Threads
  private let receive: (Int, [EffectiveAttention.Head]) throws -> Void
  /// Values of the current block, [T, d].
  private var values = DoubleMatrix(rows: 0, columns: 0)

  init(
    _ method: EffectiveAttention, _ batch: PackedBatch, layers: Set<Int>?, threads: Threads,
    receive: @escaping (Int, [EffectiveAttention.Head]) throws -> Void
  ) {
    (self.method, self.batch, self.layers) = (method, batch, layers)
    (self.threads, self.receive) = (threads, receive)
  }

  func wants(_ site: Site, layer: Int) -> Bool {
    (site == .residPre || site == .attentionWeights) && layers?.contains(layer) ?? true
  }

  func observe(_ observation: Observation) throws {
    let block = method.blocks[observation.layer]
    guard observation.site == .attentionWeights, let sequence = observation.sequence else {
      values = block.values(observation.pointer, rows: observation.rows, stride: observation.stride)
      return
    }
    let own = values.rows(batch.sequences[sequence])
    let size = observation.columns
    var results = [Result<EffectiveAttention.Head, any Error>?](repeating: nil, count: block.heads)
    results.withUnsafeMutableBufferPointer { results in
      // Each task writes its own element.
      nonisolated(unsafe) let results = results
      nonisolated(unsafe) let pointer = observation.pointer
      threads.run(block.heads) { head, _ in
        results[head] = Result {
          var weights = DoubleMatrix(rows: size, columns: size)
          for row in 0..<size {
            let line = pointer + (head * size + row) * observation.stride
            for column in 0..<size { weights[row, column] = Double(line[column]) }
          }
          return try method.head(head, layer: observation.layer, weights: weights, values: own)
        }
      }
    }
    try receive(sequence, results.compactMap { try $0?.get() })
  }
}
