import DenseMath
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
