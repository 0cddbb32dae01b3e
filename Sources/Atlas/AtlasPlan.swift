import Interpretability
import Transformer

/// What kind of reading an item of an atlas is.
public enum AtlasKind: Hashable, Sendable {
  /// The highest pairs of a head's W_VO or W_QK.
  case head(VocabularyProjection.HeadMatrix)
  /// The highest and lowest tokens of a vector.
  case vector(ParameterKind)

  /// "vo", "qk", "ff-key", "output"...
  public var name: String {
    switch self {
    case .head(let matrix): return matrix.rawValue
    case .vector(let kind): return kind.rawValue
    }
  }

  public init?(name: String) {
    if let matrix = VocabularyProjection.HeadMatrix(rawValue: name) {
      self = .head(matrix)
    } else if let kind = ParameterKind(rawValue: name) {
      self = .vector(kind)
    } else {
      return nil
    }
  }

  /// In the order of an atlas: heads, neurons, sub-heads.
  public static let all: [AtlasKind] =
    VocabularyProjection.HeadMatrix.allCases.map { .head($0) } + ParameterKind.allCases.map { .vector($0) }
}

/// How much of each reading an atlas keeps.
public struct AtlasOptions: Equatable, Sendable {
  /// Highest pairs of a head's matrix.
  public var pairs: Int
  /// Highest tokens of a vector, and as many of the lowest.
  public var tokens: Int

  public init(pairs: Int = 50, tokens: Int = 10) {
    self.pairs = pairs
    self.tokens = tokens
  }
}

/// The parts that an atlas is built in, each written whole or not at all, block by block.
struct AtlasPlan {
  struct Part {
    let kind: AtlasKind
    let layer: Int
    /// nil for vectors, all of which in a block are one part.
    let head: Int?
    /// The number of its first item; the others follow it.
    let firstItem: Int
    let items: Int
  }

  let parts: [Part]

  init(_ dimensions: Dimensions) {
    var parts: [Part] = []
    var item = 1
    func append(_ kind: AtlasKind, _ layer: Int, _ head: Int?, items: Int) {
      parts.append(Part(kind: kind, layer: layer, head: head, firstItem: item, items: items))
      item += items
    }
    for layer in 0..<dimensions.layers {
      for kind in AtlasKind.all {
        switch kind {
        case .head: for head in 0..<dimensions.heads { append(kind, layer, head, items: 1) }
        case .vector(let vectors):
          append(kind, layer, nil, items: vectors.isAttention ? dimensions.hidden : dimensions.feedForward)
        }
      }
    }
    self.parts = parts
  }
}
