import DenseMath
import Evaluation
import Transformer

/// The similarity of the tokens of two related parameters (Dar et al., "Analyzing Transformers in Embedding Space",
/// 2023, section 4.1 and appendix C): the key and the value of a neuron, the two sides of a sub-head.
package struct RelatedPairs: Sendable {
  package enum Pair: String, Sendable, CaseIterable {
    /// Feed-forward key i and value i.
    case keyValue = "k-v"
    /// Sub-head j of wV and of wO.
    case valueOutput = "v-o"
    /// Sub-head j of wQ and of wK.
    case queryKey = "q-k"

    package var kinds: (ParameterKind, ParameterKind) {
      switch self {
      case .keyValue: return (.feedForwardKey, .feedForwardValue)
      case .valueOutput: return (.value, .output)
      case .queryKey: return (.query, .key)
      }
    }
  }

  /// Sim_k of all pairs of one kind in one block.
  package struct Similarities: Sendable {
    package let pair: Pair
    package let layer: Int
    /// One per index.
    package let aligned: [Double]
    /// One per draw: the mean with the second side permuted over all indices of the block.
    package let shuffled: [Double]
  }

  package let model: Model
  package let k: Int
  package let draws: Int
  package let seed: UInt64

  package init(_ model: Model, k: Int, draws: Int, seed: UInt64) {
    self.model = model
    self.k = k
    self.draws = draws
    self.seed = seed
  }

  /// Sim_k on the k tokens of largest |score|.
  /// - Parameter wE: [V, d]
  /// - Throws: `InterpretabilityError.setTooLarge`.
  package func similarities(
    _ pair: Pair, layer: Int, by wE: Tensor, threads: Threads
  ) throws -> Similarities {
    let (first, second) = try sets(pair, layer: layer, by: wE, magnitudes: true, threads: threads)
    let stream = UInt64(layer * Pair.allCases.count + (Pair.allCases.firstIndex(of: pair) ?? 0))
    var generator = SplitMix64(seed: seed &+ stream &* 0x9E37_79B9_7F4A_7C15)
    return Similarities(
      pair: pair, layer: layer, aligned: (0..<first.count).map { first.similarity($0, to: second, $0) },
      shuffled: (0..<draws).map { _ in
        let order = generator.permutation(of: first.count)
        return order.enumerated().reduce(0) { $0 + first.similarity($1.0, to: second, $1.1) } / Double(first.count)
      })
  }

  /// Sim_k of every pair in every block, with the mean of the aligned ones; a block without any is left out.
  /// - Parameter wE: [V, d]
  /// - Throws: `InterpretabilityError.setTooLarge`; what `progress` throws.
  package func similarities(
    by wE: Tensor, threads: Threads, progress: ProgressHandler
  ) throws -> [(similarities: Similarities, mean: SampleMean)] {
    let layers = model.dimensions.layers
    let work = ProgressHandler.Work("related pairs", unit: "groups", total: Pair.allCases.count * layers)
    return try progress.during(work) { update in
      try Pair.allCases.enumerated().flatMap { index, pair in
        try (0..<layers).compactMap { layer in
          let found = try similarities(pair, layer: layer, by: wE, threads: threads)
          try update(index * layers + layer + 1)
          return SampleMean(of: found.aligned, seed: seed).map { (found, $0) }
        }
      }
    }
  }

  /// A feed-forward key and value that share tokens.
  package struct Alike: Sendable, Equatable {
    package let layer: Int
    package let neuron: Int
    /// Sim_k of the k tokens of highest (signed) score.
    package let similarity: Double
    /// The shared tokens, ids ascending.
    package let shared: [Int32]
  }

  /// Sim_k of the highest scores of keys and values in a block.
  package struct Alikeness: Sendable {
    package let layer: Int
    /// One per neuron.
    package let aligned: [Double]
    /// [draws][neurons], with the values permuted over the block.
    package let shuffled: [[Double]]
    /// The neurons at or above the threshold, in order.
    package let alike: [Alike]
  }

  /// Keys and values with Sim_k of the highest scores, their sign kept.
  /// - Parameters:
  ///   - wE: [V, d]
  ///   - tokens: the tokens to rank, ascending; nil for all.
  /// - Throws: `InterpretabilityError.setTooLarge`.
  package func alikeness(
    layer: Int, threshold: Double, by wE: Tensor, among tokens: [Int]? = nil, threads: Threads
  ) throws -> Alikeness {
    let (keys, values) = try sets(.keyValue, layer: layer, by: wE, magnitudes: false, among: tokens, threads: threads)
    var generator = SplitMix64(seed: seed &+ UInt64(layer) &* 0x9E37_79B9_7F4A_7C15)
    let aligned = (0..<keys.count).map { keys.similarity($0, to: values, $0) }
    return Alikeness(
      layer: layer, aligned: aligned,
      shuffled: (0..<draws).map { _ in
        generator.permutation(of: keys.count).enumerated().map { keys.similarity($0, to: values, $1) }
      },
      alike: aligned.enumerated().filter { $1 >= threshold }.map { neuron, similarity in
        Alike(
          layer: layer, neuron: neuron, similarity: similarity, shared: keys.shared(neuron, with: values, neuron))
      })
  }

  /// The share of all pairs that reach a Sim_k.
  package struct Share: Sendable {
    package let similarity: Double
    package let aligned: Double
    /// One per draw.
    package let shuffled: [Double]
  }

  /// Shares at 0, 0.02, 0.04 ... 1, up to the first that no pair reaches.
  package func shares(_ layers: [Alikeness]) -> [Share] {
    func share(_ values: [Double], _ least: Double) -> Double {
      Double(values.count { $0 >= least }) / Double(max(1, values.count))
    }
    let aligned = layers.flatMap(\.aligned)
    let shuffled = (0..<draws).map { draw in layers.flatMap { $0.shuffled[draw] } }
    var shares: [Share] = []
    for step in 0...50 {
      let least = Double(step) / 50
      let next = Share(
        similarity: least, aligned: share(aligned, least), shuffled: shuffled.map { share($0, least) })
      shares.append(next)
      if next.aligned == 0, next.shuffled.allSatisfy({ $0 == 0 }) { break }
    }
    return shares
  }

  private func sets(
    _ pair: Pair, layer: Int, by wE: Tensor, magnitudes: Bool, among tokens: [Int]? = nil, threads: Threads
  ) throws -> (TokenSets, TokenSets) {
    func sets(_ kind: ParameterKind) throws -> TokenSets {
      try TokenSets(
        of: model.parameterVectors(kind, layer: layer), by: wE, k: k, magnitudes: magnitudes, among: tokens,
        threads: threads)
    }
    return (try sets(pair.kinds.0), try sets(pair.kinds.1))
  }
}
