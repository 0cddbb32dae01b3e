import DenseMath
import Files
import Tokenization
import Transformer

/// What is compared between several models.
package struct AlignmentPlan: Sendable {
  package let kinds: [ParameterKind]
  /// nil for embedding space, and feature space where hidden sizes agree.
  package let spaces: [AlignmentSpace]?
  /// How many of the closest vectors of two matched layers are reported.
  package let vectors: Int
  /// How many tokens are listed per vector.
  package let tokens: Int
  package let allowsPartialVocabulary: Bool
  package let threads: Threads

  package init(
    kinds: [ParameterKind], spaces: [AlignmentSpace]?, vectors: Int, tokens: Int, allowsPartialVocabulary: Bool,
    threads: Threads
  ) {
    self.kinds = kinds
    self.spaces = spaces
    self.vectors = vectors
    self.tokens = tokens
    self.allowsPartialVocabulary = allowsPartialVocabulary
    self.threads = threads
  }
}

/// The alignment of two models, group by group.
package struct AlignedPair: Sendable {
  /// The vectors of one kind, in one space.
  package struct Group: Sendable {
    package let kind: ParameterKind
    package let space: AlignmentSpace
    package let alignment: LayerAlignment
    /// The single vectors of each pair of matched layers; empty unless requested.
    package let layers: [MatchedLayers]
  }

  /// Two matched vectors with their places and highest tokens.
  package struct Closest: Sendable {
    package let vectors: VectorAlignment.Pair
    package let places: (a: Address, b: Address)
    package let tokensOfA: [String]
    package let tokensOfB: [String]
  }

  /// The closest vectors of two layers.
  package struct MatchedLayers: Sendable {
    package let a: Int
    package let b: Int
    /// Mean absolute correlation of all pairs of vectors.
    package let mean: Double
    package let closest: [Closest]
  }

  /// Indices in the list of models.
  package let first: Int
  package let second: Int
  package let names: (String, String)
  package let sharedTokens: Int
  package let groups: [Group]

  /// Compares all pairs of several models.
  /// - Parameter progress: counts the groups.
  /// - Throws: `TokenizationError` for vocabularies that differ, `StitchingError.differentFeatures`, `LinearAlgebraError`;
  ///   `CancellationError`.
  package static func all(
    of models: [TokenizedModel], _ plan: AlignmentPlan, progress: ProgressHandler = .none
  ) throws -> [AlignedPair] {
    let pairs = models.count * (models.count - 1) / 2
    let groups = pairs * plan.kinds.count * (plan.spaces?.count ?? AlignmentSpace.allCases.count)
    return try progress.during(.init("align", unit: "groups", total: groups)) { update in
      var done = 0
      return try models.indices.flatMap { first in
        try models.indices.dropFirst(first + 1).map { second in
          try AlignedPair(first, models[first], second, models[second], plan) {
            done += 1
            try update(done)
          }
        }
      }
    }
  }

  private init(
    _ first: Int, _ a: TokenizedModel, _ second: Int, _ b: TokenizedModel, _ plan: AlignmentPlan,
    done: () throws -> Void
  ) throws {
    let hasOneWidth = a.model.dimensions.hidden == b.model.dimensions.hidden
    let spaces = plan.spaces ?? (hasOneWidth ? AlignmentSpace.allCases : [.embedding])
    let shared = try SharedVocabulary(a, b, allowsPartial: plan.allowsPartialVocabulary)
    let aligner = try ModelAligner(a.model, b.model, shared: shared, spaces: Set(spaces), threads: plan.threads)
    self.first = first
    self.second = second
    names = (a.model.name, b.model.name)
    sharedTokens = shared.rows.count
    groups = try spaces.flatMap { space in
      try plan.kinds.map { kind in
        let alignment = try aligner.align(kind, in: space)
        let matched = plan.vectors > 0 ? alignment.assignment.pairs : []
        let layers = try matched.map {
          try MatchedLayers(aligner, kind, in: space, $0.row, $0.column, (a.tokenizer, b.tokenizer), plan)
        }
        try done()
        return Group(kind: kind, space: space, alignment: alignment, layers: layers)
      }
    }
  }
}

extension AlignedPair: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(["a": first, "b": second, "groups": groups, "shared_tokens": sharedTokens])
  }
}

extension AlignedPair.Group: Encodable {
  package func encode(to encoder: any Encoder) throws {
    let scores = alignment.scores
    try encoder.encode([
      "assignment": alignment.assignment.pairs.map { [$0.row, $0.column] }, "diagonal_hits": alignment.diagonalHits,
      "group": kind.symbol, "margin": alignment.margin, "mean_offset": alignment.meanOffset,
      "scores": (0..<scores.rows).map { row in (0..<scores.columns).map { scores[row, $0] } },
      "space": space.rawValue, "total": alignment.assignment.total, "vectors": layers,
    ])
  }
}

extension AlignedPair.MatchedLayers: Encodable {
  fileprivate init(
    _ aligner: ModelAligner, _ kind: ParameterKind, in space: AlignmentSpace, _ layerA: Int, _ layerB: Int,
    _ tokenizers: (a: Tokenizer, b: Tokenizer), _ plan: AlignmentPlan
  ) throws {
    let alignment = try VectorAlignment(aligner.correlations(kind, in: space, layerA: layerA, layerB: layerB))
    let ofA = aligner.a.parameterVectors(kind, layer: layerA)
    let ofB = aligner.b.parameterVectors(kind, layer: layerB)
    func top(_ model: Model, _ tokenizer: Tokenizer, _ vectors: Tensor, _ row: Int, sign: Float) -> [String] {
      model.topTokens(
        of: vectors.pointer + row * vectors.columns, sign: sign, count: plan.tokens, threads: plan.threads
      ).map { tokenizer.display(Int32($0.id)) }
    }
    a = layerA
    b = layerB
    mean = alignment.mean
    closest = alignment.pairs.prefix(plan.vectors).map { pair in
      // A vector in one model may correspond to the opposite vector in the other.
      AlignedPair.Closest(
        vectors: pair,
        places: (
          Address(layer: layerA, row: pair.a, of: kind, headSize: aligner.a.dimensions.headSize),
          Address(layer: layerB, row: pair.b, of: kind, headSize: aligner.b.dimensions.headSize)
        ),
        tokensOfA: top(aligner.a, tokenizers.a, ofA, pair.a, sign: 1),
        tokensOfB: top(aligner.b, tokenizers.b, ofB, pair.b, sign: pair.correlation < 0 ? -1 : 1))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    let pairs: [JSONMembers] = closest.map { pair in
      [
        "a": pair.vectors.a, "a_tokens": pair.tokensOfA, "b": pair.vectors.b, "b_tokens": pair.tokensOfB,
        "correlation": Double(pair.vectors.correlation),
      ]
    }
    try encoder.encode(["a_layer": a, "b_layer": b, "mean": mean, "pairs": pairs])
  }
}
