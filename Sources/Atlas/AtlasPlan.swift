import Interpretability
import Transformer

/// The kind of an item of an atlas.
package enum AtlasKind: Hashable, Sendable {
  /// The highest pairs of a head's W_VO or W_QK.
  case head(VocabularyProjection.HeadMatrix)
  /// A singular direction of a head's W_VO or W_QK.
  case headDirection(VocabularyProjection.HeadMatrix)
  /// The highest and lowest tokens of a vector.
  case vector(ParameterKind)
  /// A singular direction of a block's feed-forward keys or values.
  case neuronDirection(ParameterKind)

  /// "vo", "qk", "ff-key", "output"..., "vo-svd", "ff-key-svd".
  package var name: String {
    switch self {
    case .head(let matrix): return matrix.rawValue
    case .headDirection(let matrix): return matrix.rawValue + "-svd"
    case .vector(let kind): return kind.rawValue
    case .neuronDirection(let kind): return kind.rawValue + "-svd"
    }
  }

  package init?(name: String) {
    guard let kind = Self.all.first(where: { $0.name == name }) else { return nil }
    self = kind
  }

  /// Whether it is a singular direction.
  package var isDirection: Bool {
    switch self {
    case .head, .vector: return false
    case .headDirection, .neuronDirection: return true
    }
  }

  /// In the order of an atlas: heads, neurons, sub-heads, each followed by its directions.
  package static let all: [AtlasKind] =
    VocabularyProjection.HeadMatrix.allCases.map { .head($0) }
    + VocabularyProjection.HeadMatrix.allCases.map { .headDirection($0) }
    + ParameterKind.allCases.filter { !$0.isAttention }.map { .vector($0) }
    + ParameterKind.allCases.filter { !$0.isAttention }.map { .neuronDirection($0) }
    + ParameterKind.allCases.filter { $0.isAttention }.map { .vector($0) }
}

/// How much of each item an atlas keeps.
package struct AtlasOptions: Equatable, Sendable {
  /// Highest pairs of a head's matrix.
  package var pairs: Int
  /// Highest tokens of a vector, and as many of the lowest.
  package var tokens: Int
  /// Strongest singular directions of each head's matrices and of each block's feed-forward keys and values.
  package var directions: Int

  package init(pairs: Int = 50, tokens: Int = 10, directions: Int = 0) {
    self.pairs = pairs
    self.tokens = tokens
    self.directions = directions
  }
}

/// The parts that an atlas is built in, each written whole or not at all, block by block.
struct AtlasPlan {
  struct Part {
    let kind: AtlasKind
    let layer: Int
    /// nil for vectors and directions of neurons, which are one part per block.
    let head: Int?
    /// The number of its first item; the others follow.
    let firstItem: Int
    let items: Int
  }

  let parts: [Part]

  /// - Parameter directions: singular directions of each matrix, at most its rank.
  init(layers: Int, heads: Int, hidden: Int, feedForward: Int, directions: Int) {
    var parts: [Part] = []
    var item = 1
    func append(_ kind: AtlasKind, _ layer: Int, _ head: Int?, items: Int) {
      parts.append(Part(kind: kind, layer: layer, head: head, firstItem: item, items: items))
      item += items
    }
    let headDirections = min(directions, hidden / max(1, heads))
    let neuronDirections = min(directions, hidden, feedForward)
    for layer in 0..<layers {
      for kind in AtlasKind.all where !kind.isDirection || directions > 0 {
        switch kind {
        case .head: for head in 0..<heads { append(kind, layer, head, items: 1) }
        case .headDirection: for head in 0..<heads { append(kind, layer, head, items: headDirections) }
        case .vector(let vectors): append(kind, layer, nil, items: vectors.isAttention ? hidden : feedForward)
        case .neuronDirection: append(kind, layer, nil, items: neuronDirections)
        }
      }
    }
    self.parts = parts
  }
}
