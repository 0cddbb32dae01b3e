import DenseMath
import Evaluation
import Files
import Stitching
import Tokenization
import Transformer

/// What was found about two models, group by group.
struct AlignedPair {
  struct Group {
    let kind: ParameterKind
    let space: AlignmentSpace
    let alignment: LayerAlignment
    /// The single vectors of each pair of matched layers; empty where nobody asked.
    let layers: [MatchedLayers]
  }

  /// The closest vectors of two layers.
  struct MatchedLayers {
    struct Pair {
      let vectors: VectorAlignment.Pair
      let tokensOfA: [String]
      let tokensOfB: [String]
    }

    let a: Int
    let b: Int
    let mean: Double
    let closest: [Pair]
  }

  /// Places in the list of models.
  let first: Int
  let second: Int
  let names: (String, String)
  let sharedTokens: Int
  let groups: [Group]

  func group(_ kind: ParameterKind, _ space: AlignmentSpace) -> Group? {
    groups.first { $0.kind == kind && $0.space == space }
  }

  var json: JSON {
    [
      "a": .integer(first), "b": .integer(second), "groups": .array(groups.map(\.json)),
      "shared_tokens": .integer(sharedTokens),
    ]
  }
}

extension AlignedPair.Group {
  fileprivate var json: JSON {
    let scores = alignment.scores
    return [
      "assignment": .array(alignment.assignment.pairs.map { [.integer($0.row), .integer($0.column)] }),
      "diagonal_hits": .integer(alignment.diagonalHits), "group": .string(kind.symbol),
      "margin": alignment.margin.map { .number($0) } ?? .null, "mean_offset": .number(alignment.meanOffset),
      "scores": .array(
        (0..<scores.rows).map { row in .array((0..<scores.columns).map { .number(scores[row, $0]) }) }),
      "space": .string(space.rawValue), "total": .number(alignment.assignment.total),
      "vectors": .array(layers.map(\.json)),
    ]
  }
}

extension AlignedPair.MatchedLayers {
  fileprivate var json: JSON {
    [
      "a_layer": .integer(a), "b_layer": .integer(b), "mean": .number(mean),
      "pairs": .array(
        closest.map { pair in
          [
            "a": .integer(pair.vectors.a), "a_tokens": .array(pair.tokensOfA.map { .string($0) }),
            "b": .integer(pair.vectors.b), "b_tokens": .array(pair.tokensOfB.map { .string($0) }),
            "correlation": .number(Double(pair.vectors.correlation)),
          ]
        }),
    ]
  }
}

/// Pairs up the vectors of two layers and reads the closest as tokens.
struct VectorReader {
  private let aligner: ModelAligner
  private let tokens: Int
  private let count: Int
  private let threads: Threads
  private let tokenizers: (a: Tokenizer, b: Tokenizer)

  init(_ aligner: ModelAligner, tokens: Int, count: Int, threads: Threads) throws {
    func tokenizer(_ model: Model) throws -> Tokenizer {
      try model.vocabularyTokenizer()
    }
    self.aligner = aligner
    self.tokens = tokens
    self.count = count
    self.threads = threads
    tokenizers = (try tokenizer(aligner.a), try tokenizer(aligner.b))
  }

  func read(
    _ kind: ParameterKind, in space: AlignmentSpace, _ layerA: Int, _ layerB: Int
  ) throws -> AlignedPair.MatchedLayers {
    let alignment = try VectorAlignment(aligner.correlations(kind, in: space, layerA: layerA, layerB: layerB))
    let ofA = aligner.a.parameterVectors(kind, layer: layerA)
    let ofB = aligner.b.parameterVectors(kind, layer: layerB)
    func top(_ model: Model, _ tokenizer: Tokenizer, _ vectors: Tensor, _ row: Int, sign: Float) -> [String] {
      model.topTokens(
        of: vectors.pointer + row * vectors.columns, sign: sign, count: tokens, threads: threads
      ).map { tokenizer.display(Int32($0.id)) }
    }
    let closest = alignment.pairs.prefix(count).map { pair in
      // A vector may do in one model what its opposite does in the other.
      AlignedPair.MatchedLayers.Pair(
        vectors: pair, tokensOfA: top(aligner.a, tokenizers.a, ofA, pair.a, sign: 1),
        tokensOfB: top(aligner.b, tokenizers.b, ofB, pair.b, sign: pair.correlation < 0 ? -1 : 1))
    }
    return AlignedPair.MatchedLayers(a: layerA, b: layerB, mean: alignment.mean, closest: closest)
  }
}

/// Each group of all pairs of models in three numbers.
struct AlignmentSummary {
  struct Line {
    let kind: ParameterKind
    let space: AlignmentSpace
    /// Of the pairs of layers, the share on the diagonal.
    let hits: PairStatistic
    let offset: PairStatistic
    let margin: PairStatistic
  }

  let models: Int
  let lines: [Line]

  /// - Parameter pairs: every pair of `models` models. A group is left out unless every pair has it.
  init(_ pairs: [AlignedPair], models: Int, seed: UInt64) {
    self.models = models
    lines = AlignmentSpace.allCases.flatMap { space in
      ParameterKind.alignmentOrder.compactMap { kind in
        let found = pairs.compactMap { $0.group(kind, space)?.alignment }
        guard found.count == pairs.count else { return nil }
        func statistic(_ value: (LayerAlignment) -> Double) -> PairStatistic {
          PairStatistic(models: models, seed: seed) { first, second in
            zip(pairs, found).first { $0.0.first == first && $0.0.second == second }.map { value($0.1) } ?? .nan
          }
        }
        return Line(
          kind: kind, space: space,
          hits: statistic { Double($0.diagonalHits) / Double(max(1, $0.assignment.pairs.count)) },
          offset: statistic(\.meanOffset), margin: statistic { $0.margin ?? .nan })
      }
    }
  }

  var json: JSON {
    .array(
      lines.map { line in
        [
          "diagonal_share": Self.json(line.hits), "group": .string(line.kind.symbol), "margin": Self.json(line.margin),
          "mean_offset": Self.json(line.offset), "space": .string(line.space.rawValue),
        ]
      })
  }

  private static func json(_ statistic: PairStatistic) -> JSON {
    ["ci95": statistic.interval?.json ?? .null, "mean": .number(statistic.mean)]
  }
}
