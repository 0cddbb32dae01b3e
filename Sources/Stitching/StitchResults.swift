import Evaluation
import Files

/// The accuracy of every point of a grid, with its baselines, computed from the records alone, so that merged shards
/// give the results of one run.
package struct StitchResults: Sendable {
  /// The result of a point.
  package struct Score: Sendable {
    package let point: StitchPoint
    /// In the order of ids.
    package let predictions: [Prediction]
    package let correct: Int

    package var n: Int { predictions.count }
    package var accuracy: Double { Double(correct) / Double(n) }
    /// 95% Wilson interval.
    package var interval: Interval { .wilson(successes: correct, of: n) }

    /// The SHA-256 of the predictions, one compact JSON line each in the order of ids (bytes): equal if two
    /// computations of a point agree to the last bit of every logit.
    /// - Throws: `DigestError`.
    package func sha256() throws -> String {
      let digest = Digest()
      for prediction in predictions { digest.update(try JSON(encoding: prediction).serialized() + "\n") }
      return try digest.finish()
    }
  }

  package let grid: StitchGrid
  /// In the order of the grid; a shard lacks some.
  package let points: [Score]
  /// B on its own states, by pair and cut.
  package let own: [Score]

  /// - Parameter records: every review of each existing point.
  package init(_ records: [StitchRecord], grid: StitchGrid) {
    self.grid = grid
    let byPoint = Dictionary(grouping: records, by: \.point)
    func score(_ point: StitchPoint) -> Score? {
      guard let records = byPoint[point] else { return nil }
      let predictions = records.map(\.prediction).sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
      return Score(point: point, predictions: predictions, correct: predictions.count { $0.isCorrect })
    }
    points = grid.points.compactMap(score)
    own = byPoint.keys.filter { $0.map == StitchPoint.ownState }.sorted(by: StitchPoint.precedes).compactMap(score)
  }

  /// B itself: the last cut on its own states; nil where a shard has none.
  package func finetuned(_ pair: Int) -> Score? {
    own.filter { $0.point.pair == pair }.max { StitchPoint.precedes($0.point, $1.point) }
  }

  /// The share of the most frequent class among a pair's reviews: the accuracy of a constant answer.
  package func chance(_ pair: Int) -> Double? {
    guard let any = (points + own).first(where: { $0.point.pair == pair }) else { return nil }
    let classes = Dictionary(grouping: any.predictions, by: \.label)
    return Double(classes.values.map(\.count).max() ?? 0) / Double(max(1, any.n))
  }

  /// The points of each pair, seam and number of transplanted blocks, where there are any.
  package var families: [StitchFamily] {
    grid.pairs.indices.flatMap { pair in
      grid.seams.flatMap { seam in
        grid.pairs[pair].transplanted.compactMap { transplanted -> StitchFamily? in
          let scores = points.filter {
            $0.point.pair == pair && $0.point.seam == seam && $0.point.cut.transplanted == transplanted
          }
          guard !scores.isEmpty else { return nil }
          return StitchFamily(
            pair: pair, seam: seam, transplanted: transplanted,
            maps: grid.pairs[pair].recipes.map { recipe in
              (recipe, scores.filter { $0.point.map == recipe.name })
            },
            own: own.filter { $0.point.pair == pair && $0.point.cut.transplanted == transplanted })
        }
      }
    }
  }
}

extension StitchResults.Score {
  /// `accuracy`, `ci95`, `n`.
  fileprivate var measures: JSONMembers { ["accuracy": accuracy, "ci95": interval, "n": n] }

  /// The point, its result, and `predictions_sha256`.
  /// - Throws: `DigestError`.
  package func members() throws -> JSONMembers {
    measures + point + ["correct": correct, "predictions_sha256": try sha256()]
  }
}

extension StitchResults {
  /// Of an experiment: `baselines`, `chosen`, `points`, `self`.
  /// - Parameters:
  ///   - facts: properties of the maps.
  ///   - processors: the kind of processor that computed each of as many shards, with which points are then tagged; fewer
  ///     than two where it is one for all.
  /// - Throws: `DigestError`.
  package func members(facts: [StitchPoint: MapFacts], processors: [String] = []) throws -> JSONMembers {
    let shard = grid.shardIndices(of: max(1, processors.count))
    func members(_ score: Score) throws -> JSONMembers {
      let processor = processors.count > 1 ? shard(score.point).map { processors[$0 - 1] } : nil
      return try score.members() + ["processor": Absent(wrappedValue: processor)]
    }
    return [
      "baselines": grid.pairs.indices.compactMap(baseline),
      "chosen": automaticCuts(facts).map { cut -> JSONMembers in
        cut.membersInPair + ["pair": cut.score.point.pair, "seam": cut.score.point.seam]
      },
      "points": try points.map { try members($0) + ["facts": facts[$0.point]] as JSONMembers },
      "self": try own.map(members),
    ]
  }

  private func baseline(_ pair: Int) -> JSONMembers? {
    guard let chance = chance(pair), let finetuned = finetuned(pair) else { return nil }
    return [
      "chance": chance, "finetuned": finetuned.accuracy, "finetuned_ci95": finetuned.interval, "n": finetuned.n,
      "pair": pair, "truncated": finetuned.predictions.count { $0.truncated },
    ]
  }

  /// Of one pair under one seam: `baselines` with `self`, `chosen`, `maps`, `n`, `points`, `truncated`.
  /// - Throws: `EvaluationError.noPredictions`.
  package func membersInPair(facts: [StitchPoint: MapFacts]) throws -> JSONMembers {
    guard let chance = chance(0), let finetuned = finetuned(0) else { throw EvaluationError.noPredictions }
    func list(_ scores: [Score]) -> [JSONMembers] { scores.map { $0.point.membersInPair + $0.measures } }
    // A review may be too long for one of the two tokenizers alone.
    let truncated = Set(
      (points.prefix(1) + [finetuned]).flatMap(\.predictions).filter(\.truncated).map { ExactKey($0.id) })
    let baselines: JSONMembers = [
      "chance": chance, "finetuned": finetuned.accuracy, "finetuned_ci95": finetuned.interval, "self": list(own),
    ]
    return [
      "baselines": baselines, "chosen": automaticCuts(facts).map(\.membersInPair),
      "maps": grid.points.compactMap { point in facts[point].map { point.membersInPair + $0 } },
      "n": finetuned.n, "points": list(points), "truncated": truncated.count,
    ]
  }
}
