import Evaluation
import Files
import Interpretability
import Transformer

/// The difference of a fine-tuned model and its base: what moved, what the displacement says, and how that scores.
package struct DisplacementReport {
  /// A direction with its tokens and its score.
  private struct Direction {
    let members: JSONMembers
    let title: String
    let ends: TokenEnds
    let score: SentimentScore
  }

  private let displacement: Displacement
  private let reader: TokenReader
  private let scorer: SentimentScorer
  private let sentiment: DisplacementSentiment
  private let named: [(group: ParameterKind, place: VectorPlace)]
  private let moved: Int
  private let scores: [DisplacementSentiment.Row]

  /// - Parameters:
  ///   - reader: its projection is of the fine-tuned model onto the base's matrix.
  ///   - vectors: the vectors to read; without any, the `moved` that moved most.
  ///   - scored: how many vectors of a group are scored.
  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`, `TransformerError`.
  package init(
    _ displacement: Displacement, _ reader: TokenReader, vectors: [(group: ParameterKind, place: VectorPlace)],
    moved: Int, scored: Int, seed: UInt64, progress: ProgressHandler
  ) throws {
    (self.displacement, self.reader, named, self.moved) = (displacement, reader, vectors, moved)
    scorer = SentimentScorer(
      reader.projection, tokenizer: reader.labels.tokenizer, top: reader.top, among: reader.ids,
      threads: reader.threads)
    sentiment = DisplacementSentiment(displacement, scorer: scorer)
    scores = try sentiment.rows(scored, seed: seed, progress: progress)
  }

  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`, `TransformerError`.
  package func report() throws -> ProjectionReport {
    let moves = displacement.moves
    let vectors = try directions()
    let classes = try classifierRows()
    let object: JSONMembers = [
      "classifier": classes.map(json),
      "lexicon": ["negative_tokens": scorer.negativeTokens, "positive_tokens": scorer.positiveTokens],
      "moves": moves.map { move -> JSONMembers in
        ["layer": move.layer, "name": move.name, "norm": move.norm, "relative": move.relative]
      },
      "scores": scores, "vectors": vectors.map(json),
    ]
    let names = (displacement.model.name, displacement.base.name)
    let tables = [
      table(of: moves, "\(names.0) from \(names.1): displacement over the base's norm", \.relative, decimals: 5),
      table(of: moves, "Frobenius norm of the displacement", { $0.norm }, decimals: 4),
    ]
    return ProjectionReport(
      "displacement", object,
      tables.map { .table($0) } + (vectors + classes).map { .facts(sheet($0)) }
        + DisplacementSentiment.Row.tables(scores, top: reader.top).map { .table($0) })
  }

  // MARK: What moved

  private func table(
    of moves: [Displacement.Move], _ caption: String, _ number: (Displacement.Move) -> Double?, decimals: Int
  ) -> Table {
    let names = ParameterKind.allCases.map(\.rawValue) + ["biases and norms"]
    var table = Table(
      caption: caption, columns: [.init("")] + names.map { .init($0 == names.last ? "rest" : $0, .trailing) })
    for layer in 0..<displacement.model.dimensions.layers {
      table.append(
        [.init("L\(layer)", .faint)]
          + names.map { name in
            .number(moves.first { $0.layer == layer && $0.name == name }.flatMap(number), decimals: decimals)
          })
    }
    for move in moves where move.layer == nil {
      table.append(
        [.init(move.name, .faint), .number(number(move), decimals: decimals)] + names.dropFirst().map { _ in "" })
    }
    return table
  }

  // MARK: What it says

  private func directions() throws -> [Direction] {
    let vectors =
      named.isEmpty
      ? displacement.mostMoved(moved)
      : try named.map { displacement.moved($0, $1, row: try reader.projection.row(of: $1, in: $0)) }
    return try vectors.map { vector in
      let own = try sentiment.directions([vector])
      return Direction(
        members: [
          "group": vector.group.rawValue, "name": "\(vector.place)", "norm": vector.norm, "relative": vector.relative,
        ],
        title: "\(vector.group.rawValue) \(vector.place), moved by \(vector.norm.fixed(4))"
          + (vector.relative.map { ", \($0.fixed(4)) of its norm" } ?? ""),
        ends: reader.ends(own)[0], score: scorer.scores(own)[0])
    }
  }

  /// The rows of the classifier, of which the base has none: what each class reads.
  private func classifierRows() throws -> [Direction] {
    guard let vectors = try sentiment.classifierDirections() else { return [] }
    let (ends, scores) = (reader.ends(vectors), scorer.scores(vectors))
    return try displacement.model.labels().enumerated().map { index, label in
      Direction(
        members: ["class": index, "label": label],
        title: "classifier row \(index), \(label)", ends: ends[index], score: scores[index])
    }
  }

  private func json(_ direction: Direction) -> JSONMembers {
    let score = direction.score
    let sentiment: JSONMembers = [
      "high_negative": score.highNegative, "high_positive": score.highPositive, "low_negative": score.lowNegative,
      "low_positive": score.lowPositive, "opposition": score.opposition, "share": score.share,
    ]
    return direction.members + direction.ends.members(reader.labels) + ["sentiment": sentiment]
  }

  private func sheet(_ direction: Direction) -> FactSheet {
    let score = direction.score
    var sheet = FactSheet(direction.title)
    for (sign, items, praise, blame) in [
      ("+", direction.ends.highest, score.highPositive, score.highNegative),
      ("-", direction.ends.lowest, score.lowPositive, score.lowNegative),
    ] {
      sheet.add(
        "\(sign) (praise \(praise), blame \(blame))",
        items.map { reader.labels.label($0.id) }.joined(separator: " "))
    }
    return sheet
  }
}

extension DisplacementSentiment.Row.Means {
  fileprivate var all: [SampleMean?] { [displacement, base, random] }
}

extension DisplacementSentiment.Row {
  fileprivate static func tables(_ rows: [Self], top: Int) -> [Table] {
    [
      table(rows, "Share of words of praise and blame, \(top) tokens at each end", \.share),
      table(rows, "Opposition of the two ends", \.opposition),
    ]
  }

  private static func table(
    _ rows: [Self], _ caption: String, _ means: (Self) -> Means
  ) -> Table {
    var table = Table(
      caption: caption,
      columns: [.init("vectors")]
        + ["n", "moved", "95%", "before", "95%", "random", "95%"].map { .init($0, .trailing) })
    for row in rows {
      table.append(
        [.init(row.name), .count(row.vectors, .faint)]
          + means(row).all.flatMap { mean -> [Table.Cell] in
            [
              .number(mean?.value, decimals: 3),
              .interval(mean?.interval.low, mean?.interval.high, decimals: 3),
            ]
          })
    }
    return table
  }
}
