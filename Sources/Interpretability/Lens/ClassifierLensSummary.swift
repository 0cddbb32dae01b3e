import Evaluation
import Files
import Transformer

/// The levels' scores for one review.
package struct ClassifierLensRecord: RunRecord {
  package let id: String
  package let label: Int
  /// [levels][C]
  package let logits: [[Float]]

  package init(id: String, label: Int, logits: [[Float]]) {
    (self.id, self.label, self.logits) = (id, label, logits)
  }
}

extension ClassifierLensRecord {
  /// Reads what was encoded. Throws `FileError`.
  package init(_ object: JSONNode) throws {
    id = try object["id"].string()
    label = try object["label"].int()
    logits = try object["logits"].array().map { try $0.array().map { Float(try $0.double()) } }
  }
}

/// How a dataset's decisions form: each level's accuracy, and the mean probability of the true class.
package struct ClassifierLensSummary {
  package struct Level {
    package let level: LensLevel
    package let correct: Int
    package let agreeing: Int
    package let meanTrueProbability: Double
    package let interval: Interval
  }

  package let levels: [Level]
  package let reviews: Int
  /// Truncated reviews.
  package let truncated: Int

  /// - Parameter seed: of the bootstrap.
  package init(levels: [LensLevel], records: [ClassifierLensRecord], truncated: Int, seed: UInt64) {
    self.truncated = truncated
    let (logits, labels) = (records.map(\.logits), records.map(\.label))
    reviews = records.count
    self.levels = levels.enumerated().map { index, level in
      let here = logits.map { $0[index] }
      let probabilities = zip(here, labels).compactMap { ProblemType.singleLabel.probabilities($0)?[$1] }
      return Level(
        level: level, correct: zip(here, labels).count { ProblemType.singleLabel.predicted($0) == $1 },
        agreeing: zip(here, logits).count {
          ProblemType.singleLabel.predicted($0) == $1.last.flatMap(ProblemType.singleLabel.predicted)
        },
        meanTrueProbability: probabilities.reduce(0, +) / Double(probabilities.count),
        interval: .bootstrap(meanOf: probabilities, seed: seed))
    }
  }

  /// `levels`, `reviews` and `truncated`.
  package var members: JSONMembers {
    let objects = levels.map { level -> JSONMembers in
      [
        "layer": level.level.layer, "level": level.level.name, "accuracy": Double(level.correct) / Double(reviews),
        "accuracy_ci95": Interval.wilson(successes: level.correct, of: reviews),
        "agreement": Double(level.agreeing) / Double(reviews),
        "true_probability": level.meanTrueProbability, "true_probability_ci95": level.interval,
      ]
    }
    return ["levels": objects, "reviews": reviews, "truncated": truncated]
  }
}
