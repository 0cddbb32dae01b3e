import DenseMath
import Transformer

/// A singular direction of a matrix: tokens at both ends of its left vector, and of its right vector the tokens or,
/// where that is over neurons, the neurons with the largest weights.
package struct DirectionReading: Sendable, Equatable {
  /// A neuron and its weight in a right vector.
  package struct Neuron: Sendable, Equatable {
    package let index: Int
    package let weight: Double

    package init(index: Int, weight: Double) {
      self.index = index
      self.weight = weight
    }
  }

  /// Its singular value.
  package let value: Double
  package let left: TokenEnds
  /// Of W_VO and W_QK; nil for feed-forward keys and values.
  package let right: TokenEnds?
  /// Of feed-forward keys and values: those with the largest |weight|, for equal ones the lower first. Empty for heads.
  package let neurons: [Neuron]
}

extension VocabularyProjection {
  /// The strongest singular directions of W_VO or W_QK, with tokens.
  /// - Parameters:
  ///   - count: how many, at most the rank.
  ///   - k: tokens at each end.
  ///   - ids: the tokens to rank, ascending; nil for all.
  /// - Throws: `InterpretabilityError.noSuchHead`, `LinearAlgebraError`.
  package func readings(
    directions count: Int, of which: HeadMatrix, _ place: HeadPlace, top k: Int, among ids: [Int]? = nil,
    threads: Threads
  ) throws -> [DirectionReading] {
    let found = try directions(of: which, place, count: count)
    func tokens(_ vectors: DoubleMatrix, _ group: ParameterKind) throws -> [TokenEnds] {
      ends(try prepared(vectors, reads: group.reads).tensor, top: k, among: ids, threads: threads)
    }
    let (left, right) = (try tokens(found.left, which.groups.left), try tokens(found.right, which.groups.right))
    return found.values.indices.map {
      DirectionReading(value: found.values[$0], left: left[$0], right: right[$0], neurons: [])
    }
  }

  /// The strongest singular directions of a block's feed-forward keys or values, with tokens and neurons.
  /// - Parameters:
  ///   - count: how many, at most the rank.
  ///   - k: tokens at each end, and neurons.
  ///   - ids: the tokens to rank, ascending; nil for all.
  /// - Throws: `InterpretabilityError.noSuchLayer`, `LinearAlgebraError`.
  package func readings(
    directions count: Int, of group: ParameterKind, layer: Int, top k: Int, among ids: [Int]? = nil, threads: Threads
  ) throws -> [DirectionReading] {
    let found = try directions(of: group, layer: layer, count: count)
    let left = ends(
      try prepared(found.left, reads: group.reads).tensor, top: k, among: ids, threads: threads)
    return found.values.indices.map { row in
      let order = (0..<found.right.columns).sorted {
        (abs(found.right[row, $1]), $0) < (abs(found.right[row, $0]), $1)
      }
      return DirectionReading(
        value: found.values[row], left: left[row], right: nil,
        neurons: order.prefix(k).map { .init(index: $0, weight: found.right[row, $0]) })
    }
  }
}
