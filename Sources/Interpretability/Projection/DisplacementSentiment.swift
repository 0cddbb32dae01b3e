import DenseMath
import Evaluation
import Files
import Transformer

/// Sentiment in displacements: the tokens at both ends, scored with a lexicon and compared with the same vectors in the
/// base and with random directions (Dar et al. 2023, section 4.2).
package struct DisplacementSentiment {
  /// The number of directions drawn for the baseline.
  private static let randomDirections = 1000

  /// The score of a set of displacements.
  package struct Row: Encodable, Sendable {
    /// Means over the displacements, over the same vectors in the base, and by chance; nil where there are none.
    package struct Means: Encodable, Sendable {
      package let displacement: SampleMean?
      package let base: SampleMean?
      package let random: SampleMean?
    }

    /// "all", or a `ParameterKind`'s name.
    package let name: String
    /// The number of vectors scored.
    package let vectors: Int
    package let share: Means
    package let opposition: Means
  }

  private let displacement: Displacement
  private let projection: VocabularyProjection
  private let scorer: SentimentScorer

  /// - Parameter scorer: projects the fine-tuned model onto the base's matrix.
  package init(_ displacement: Displacement, scorer: SentimentScorer) {
    self.displacement = displacement
    self.scorer = scorer
    projection = scorer.projection
  }

  /// Scores the vectors that moved most, of all groups together and of each group that moved.
  /// - Parameters:
  ///   - count: how many vectors of a set are scored.
  ///   - seed: of the random directions and the intervals.
  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`, `CancellationError`.
  package func rows(_ count: Int, seed: UInt64, progress: ProgressHandler = .none) throws -> [Row] {
    let random = scorer.randomScores(Self.randomDirections, seed: seed)
    let sets: [(String, [ParameterKind])] =
      [("all", ParameterKind.allCases)] + ParameterKind.allCases.map { ($0.rawValue, [$0]) }
    return try progress.during(.init("scores", unit: "groups", total: sets.count)) { update in
      try sets.enumerated().compactMap { index, set in
        let moved = displacement.mostMoved(count, of: set.1)
        let row =
          try moved.isEmpty
          ? nil
          : Self.row(
            set.0, own: scorer.scores(prepared(moved, of: displacement.difference)),
            base: scorer.scores(prepared(moved, of: displacement.base.parameterVectors)), random: random, seed: seed)
        try update(index + 1)
        return row
      }
    }
  }

  private static func row(
    _ name: String, own: [SentimentScore], base: [SentimentScore], random: [SentimentScore], seed: UInt64
  ) -> Row {
    func means(_ number: (SentimentScore) -> Double) -> Row.Means {
      Row.Means(
        displacement: SampleMean(of: own.map(number), seed: seed), base: SampleMean(of: base.map(number), seed: seed),
        random: SentimentScorer.chance(random.map(number), means: own.count, seed: seed))
    }
    return Row(name: name, vectors: own.count, share: means(\.share), opposition: means(\.opposition))
  }

  /// Displacements prepared for projection, [moved, d].
  /// - Throws: as `VocabularyProjection.prepared`.
  package func directions(_ moved: [Displacement.MovedVector]) throws -> Tensor {
    try prepared(moved, of: displacement.difference)
  }

  /// The vector of each class of the fine-tuned model, prepared for projection, [C, d]; nil without a classifier. The
  /// base has none to subtract.
  /// - Throws: as `VocabularyProjection.prepared`.
  package func classifierDirections() throws -> Tensor? {
    try displacement.model.classifier.map { classifier in
      let rows = classifier.readingVectors
      let vectors = DoubleMatrix(rows: rows.rows, columns: rows.columns, values: rows.values.map { Double($0) })
      return try projection.prepared(vectors, reads: true).tensor
    }
  }

  /// Rows of some matrices by group and block, prepared for projection: [moved, d].
  private func prepared(
    _ moved: [Displacement.MovedVector], of matrix: (ParameterKind, Int) -> Tensor
  ) throws -> Tensor {
    let d = displacement.model.dimensions.hidden
    var values: [Float] = []
    values.reserveCapacity(moved.count * d)
    for vector in moved {
      let row = matrix(vector.group, vector.place.layer)[rows: vector.row..<vector.row + 1]
      let own = DoubleMatrix(rows: 1, columns: d, values: row.values.map { Double($0) })
      values += try projection.prepared(own, reads: vector.group.reads).tensor.values
    }
    return Tensor(shape: [moved.count, d], values)
  }
}

extension DisplacementSentiment.Row.Means {
  package func encode(to encoder: any Encoder) throws {
    func numbers(_ mean: SampleMean?) -> JSONMembers? {
      mean.map { ["high": $0.interval.high, "low": $0.interval.low, "value": $0.value] }
    }
    try encoder.encode(["base": numbers(base), "displacement": numbers(displacement), "random": numbers(random)])
  }
}
