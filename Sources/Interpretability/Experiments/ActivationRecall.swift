import DenseMath
import Evaluation
import Transformer

/// How many tokens of a hidden state are those of the parameters active at its computation (Dar et al., "Analyzing
/// Transformers in Embedding Space", 2023, section 4.2 and appendix B).
///
/// At a position, the m neurons of a block with the largest activations select its active feed-forward keys and values,
/// and the m largest inputs of wO its active value and output sub-heads. R_k is the share of the k tokens on which the
/// block's output scores highest that are among the k highest tokens of at least one of them.
package struct ActivationRecall: Sendable {
  /// The kinds of parameters that are compared.
  package static let kinds: [ParameterKind] = [.feedForwardKey, .feedForwardValue, .value, .output]

  /// The state that parameters are compared with.
  package enum Target: String, Sendable, CaseIterable {
    /// The output of their own block.
    case own
    /// The output of the last block.
    case final
  }

  /// R_k of every sampled position for one kind of parameter in one block.
  package struct Recall: Sendable {
    package let kind: ParameterKind
    package let layer: Int
    package let target: Target
    /// The parameters active at the position itself, one per position.
    package let aligned: [Double]
    /// Those active at another sampled position, drawn once for all blocks and kinds.
    package let random: [Double]
  }

  /// Means of a `Recall` over the sampled positions, with intervals.
  package struct Means: Sendable {
    package let kind: ParameterKind
    package let layer: Int
    package let target: Target
    package let aligned: SampleMean
    package let random: SampleMean
    /// Aligned minus random, position by position.
    package let difference: SampleMean

    /// nil where no position was sampled.
    init?(_ recall: Recall, seed: UInt64) {
      guard let aligned = SampleMean(of: recall.aligned, seed: seed),
        let random = SampleMean(of: recall.random, seed: seed),
        let difference = SampleMean(of: zip(recall.aligned, recall.random).map { $0 - $1 }, seed: seed)
      else { return nil }
      (kind, layer, target) = (recall.kind, recall.layer, recall.target)
      (self.aligned, self.random, self.difference) = (aligned, random, difference)
    }
  }

  package let model: Model
  package let k: Int
  /// m, parameters per position.
  package let active: Int
  package let sample: SampledPositions
  /// [n]: the position whose parameters are the random baseline of each target.
  private let partners: [Int]
  private let seed: UInt64

  /// What was active at each position, and the states there.
  package struct Activations {
    /// [L][n][m] each.
    fileprivate var neurons: [[[Int]]]
    fileprivate var subheads: [[[Int]]]
    /// [L], [n, d]: the output of each block, GPT-2's before ln_f.
    fileprivate let states: [FloatBuffer]
  }

  /// - Parameters:
  ///   - k: tokens in a set.
  ///   - active: parameters per position.
  ///   - seed: of the random baseline.
  package init(_ model: Model, k: Int, active: Int, sample: SampledPositions, seed: UInt64) {
    self.model = model
    self.k = k
    self.active = active
    self.sample = sample
    self.seed = seed
    // A stream different from that of the sample.
    var generator = SplitMix64(seed: seed ^ 0x7061_7274)
    partners = Self.derangement(of: sample.positions.count, using: &generator)
  }

  /// Runs the model over the texts and compares what was active with the states, in every block.
  /// - Parameters:
  ///   - batches: every text once, in order.
  ///   - wE: [V, d]
  /// - Throws: `TransformerError`, `InterpretabilityError.setTooLarge`; what `progress` throws.
  package func means(
    over batches: some Sequence<[[Int32]]>, by wE: Tensor, workspace: Workspace, progress: ProgressHandler
  ) throws -> [Means] {
    let (n, L) = (sample.positions.count, model.dimensions.layers)
    return try progress.during(.init("recall", unit: "steps", total: n + L)) { update in
      let activations = try activations(over: batches, workspace: workspace, progress: update)
      return try recalls(activations, by: wE, workspace: workspace) { try update(n + $0) }
        .compactMap { Means($0, seed: seed) }
    }
  }

  /// Runs the model over the texts.
  /// - Parameter batches: every text once, in order.
  /// - Throws: `TransformerError`.
  package func activations(
    over batches: some Sequence<[[Int32]]>, workspace: Workspace, progress: (_ done: Int) throws -> Void = { _ in }
  ) throws -> Activations {
    let (n, L, d) = (sample.positions.count, model.dimensions.layers, model.dimensions.hidden)
    var found = Activations(
      neurons: Array(repeating: Array(repeating: [], count: n), count: L),
      subheads: Array(repeating: Array(repeating: [], count: n), count: L),
      states: (0..<L).map { _ in FloatBuffer(count: n * d) })
    try sample.visit(
      [.mlpHidden, .headOutputs, .residPost], of: model, over: batches, workspace: workspace, progress: progress
    ) { observation, row, index in
      let layer = observation.layer
      switch observation.site {
      case .residPost: (found.states[layer].pointer + index * d).update(from: row, count: d)
      case .mlpHidden: found.neurons[layer][index] = largest(row, count: observation.columns)
      default: found.subheads[layer][index] = largest(row, count: observation.columns)
      }
    }
    return found
  }

  private func largest(_ row: UnsafePointer<Float>, count: Int) -> [Int] {
    TopK.highest(active, of: row, count: count).map(\.id)
  }

  /// R_k of every block, kind and target. States are projected by the final norm, where the model has one, and E;
  /// parameters by E alone.
  /// - Parameter wE: [V, d]
  /// - Throws: `InterpretabilityError.setTooLarge`.
  package func recalls(
    _ activations: Activations, by wE: Tensor, workspace: Workspace, progress: (_ layer: Int) throws -> Void = { _ in }
  ) throws -> [Recall] {
    let final = try targets(activations, layer: model.dimensions.layers - 1, by: wE, workspace)
    var recalls: [Recall] = []
    for layer in 0..<model.dimensions.layers {
      let own = layer == model.dimensions.layers - 1 ? final : try targets(activations, layer: layer, by: wE, workspace)
      for kind in Self.kinds {
        let active = kind.isAttention ? activations.subheads[layer] : activations.neurons[layer]
        let rows = Set(active.joined()).sorted()
        let place = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
        let sets = try TokenSets(
          of: model.parameterVectors(kind, layer: layer).gathering(rows), by: wE, k: k, threads: workspace.threads)
        for (target, states) in [(Target.own, own), (.final, final)] {
          func arm(_ partner: (Int) -> Int) -> [Double] {
            active.indices.map { index in
              states.recall(index, in: sets, active[partner(index)].lazy.compactMap { place[$0] })
            }
          }
          recalls.append(
            Recall(kind: kind, layer: layer, target: target, aligned: arm { $0 }, random: arm { partners[$0] }))
        }
      }
      try progress(layer + 1)
    }
    return recalls
  }

  private func targets(
    _ activations: Activations, layer: Int, by wE: Tensor, _ workspace: Workspace
  ) throws -> TokenSets {
    let (n, d) = (sample.positions.count, model.dimensions.hidden)
    let state = HiddenState(copying: activations.states[layer].pointer, tokens: n, width: d)
    let normed = model.finalNormApplied(to: state, workspace: workspace)
    return try TokenSets(
      of: Tensor(shape: [n, d], pointer: normed.pointer, owner: normed.buffer), by: wE, k: k,
      threads: workspace.threads)
  }

  /// A random permutation without fixed points: one cycle through all (Sattolo 1986).
  private static func derangement(of count: Int, using generator: inout SplitMix64) -> [Int] {
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) { order.swapAt(place, generator.uniform(below: place)) }
    return order
  }
}

extension Tensor {
  /// A copy of some rows, in that order.
  fileprivate func gathering(_ rows: [Int]) -> Tensor {
    let buffer = FloatBuffer(uninitializedCount: rows.count * columns)
    for (place, row) in rows.enumerated() {
      (buffer.pointer + place * columns).update(from: pointer + row * columns, count: columns)
    }
    return Tensor(shape: [rows.count, columns], buffer)
  }
}
