import DenseMath
import Evaluation
import Files
import Foundation
import Interpretability
import Reporting
import Transformer

/// Each level through the classifier, as if the later blocks were skipped. A splice is read from the state that enters
/// its second model on, since the classifier belongs to that one.
struct ClassifierLens {
  let model: any Runnable
  let head: ClassifierHead
  let labels: [String]
  private let workspace: Workspace
  /// The states are classified while a pass is on its way, which must not lose its working memory.
  private let headWorkspace: Workspace

  /// - Throws: `TransformerError.missingHead`.
  init(_ model: any Runnable, threads: Threads) throws {
    self.model = model
    head = try model.requireClassifier()
    labels = try model.labels()
    workspace = Workspace(threads: threads)
    headWorkspace = Workspace(threads: threads)
  }

  /// Upwards: the state that enters the classifier's own model, and that after each of its blocks.
  var levels: [LensLevel] {
    let start = model.segmentStarts.last ?? 0
    return [LensLevel(layer: start - 1, site: start == 0 ? .residPre : .residPost)]
      + (start..<model.blockDimensions.count).map { LensLevel(layer: $0, site: .residPost) }
  }

  /// The scores of each text of a batch: [levels][sequences][C].
  func read(_ batch: PackedBatch) throws -> [[[Float]]] {
    let reader = Reader(lens: self, batch: batch, start: model.segmentStarts.last ?? 0)
    _ = try model.forward(batch, workspace: workspace, observer: reader)
    return reader.scores
  }

  private final class Reader: Observer {
    private let lens: ClassifierLens
    private let batch: PackedBatch
    private let start: Int
    private(set) var scores: [[[Float]]] = []

    init(lens: ClassifierLens, batch: PackedBatch, start: Int) {
      self.lens = lens
      self.batch = batch
      self.start = start
    }

    func wants(_ site: Site, layer: Int) -> Bool {
      site == .residPost ? layer >= start : site == .residPre && layer == start
    }

    func observe(_ observation: Observation) {
      let h = HiddenState(copying: observation.pointer, tokens: observation.rows, width: observation.columns)
      scores.append(lens.head.apply(h, batch, workspace: lens.headWorkspace))
    }
  }

  static func probabilities(_ logits: [Float]) -> [Double] {
    let highest = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - highest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// The class with the highest score; of equal ones the lowest.
  static func predicted(_ logits: [Float]) -> Int {
    logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) } ?? 0
  }
}

/// How one text's decision forms.
struct ClassifierReading {
  let text: String
  let tokens: TextEncoder.Tokens
  let levels: [LensLevel]
  /// [levels][C]
  let logits: [[Float]]
  let labels: [String]
  let modelName: String

  /// Levels upward, a column a class.
  var heatMap: HeatMap {
    let answer = logits.last.map(ClassifierLens.predicted)
    let rows = zip(levels, logits).map { level, logits in
      let winner = ClassifierLens.predicted(logits)
      return HeatMap.Row(
        level.name,
        ClassifierLens.probabilities(logits).enumerated().map { label, probability in
          HeatMap.Cell(
            values: [probability, Double(logits[label])],
            isMarked: label == winner && winner == answer)
        })
    }
    let most = logits.flatMap { $0.map { abs(Double($0)) } }.reduce(0.01, max)
    return HeatMap(
      title: "\(modelName): \(text.shortened(to: 90))",
      subtitle: "each level through the classifier, as if the later blocks were skipped", columns: labels, rows: rows,
      statistics: [
        HeatMap.Statistic("probability", explanation: "Softmax of the classifier's scores.", range: 0...1),
        HeatMap.Statistic("logit", explanation: "The classifier's score.", range: -most...most, decimals: 2),
      ], markMeaning: "the final decision")
  }

  var json: JSON {
    [
      "text": .string(text), "tokens": .integer(tokens.ids.count), "truncated": .bool(tokens.truncated),
      "levels": .array(
        zip(levels, logits).map { level, logits in
          [
            "layer": .integer(level.layer), "level": .string(level.name),
            "logits": .array(logits.map { .float($0) }), "predicted": .integer(ClassifierLens.predicted(logits)),
            "probabilities": .array(ClassifierLens.probabilities(logits).map { .number($0) }),
          ]
        }),
    ]
  }
}

/// What the levels say about one review.
struct ClassifierLensRecord {
  let id: String
  let label: Int
  /// [levels][C]
  let logits: [[Float]]

  var json: JSON {
    [
      "id": .string(id), "label": .integer(label),
      "logits": .array(logits.map { .array($0.map(JSON.float)) }),
    ]
  }
}

extension ClassifierLensRecord {
  /// Reads what `json` makes. Throws `FileError`.
  init(_ object: JSONNode) throws {
    id = try object["id"].string()
    label = try object["label"].int()
    logits = try object["logits"].array().map { try $0.array().map { Float(try $0.double()) } }
  }
}

/// How a data set's decisions form: a level's accuracy, and the mean probability of the true class.
struct ClassifierLensSummary {
  struct Level {
    let level: LensLevel
    let correct: Int
    let agreeing: Int
    let meanTrueProbability: Double
    let interval: Interval
  }

  let levels: [Level]
  let reviews: Int
  /// How many of them were not read to their end.
  let truncated: Int

  /// - Parameter seed: of the bootstrap.
  init(levels: [LensLevel], records: [ClassifierLensRecord], truncated: Int, seed: UInt64) {
    self.truncated = truncated
    let (logits, labels) = (records.map(\.logits), records.map(\.label))
    reviews = records.count
    self.levels = levels.enumerated().map { index, level in
      let here = logits.map { $0[index] }
      let probabilities = zip(here, labels).map { ClassifierLens.probabilities($0)[$1] }
      return Level(
        level: level, correct: zip(here, labels).count { ClassifierLens.predicted($0) == $1 },
        agreeing: zip(here, logits).count {
          ClassifierLens.predicted($0) == ($1.last.map(ClassifierLens.predicted) ?? -1)
        },
        meanTrueProbability: probabilities.reduce(0, +) / Double(probabilities.count),
        interval: .bootstrap(meanOf: probabilities, seed: seed))
    }
  }

  func table(_ style: Style, caption: String) -> String {
    var table = Table(
      caption: caption,
      columns: [
        Table.Column("level"), Table.Column("accuracy", .trailing), Table.Column("95% interval", .trailing),
        Table.Column("P(true class)", .trailing), Table.Column("95% interval", .trailing),
        Table.Column("decided as finally", .trailing),
      ])
    for level in levels.reversed() {
      let accuracy = Interval.wilson(successes: level.correct, of: reviews)
      table.append([
        Table.Cell(level.level.name), .number(Double(level.correct) / Double(reviews), decimals: 3, .strong),
        .interval(accuracy.low, accuracy.high, decimals: 3), .number(level.meanTrueProbability, decimals: 3),
        .interval(level.interval.low, level.interval.high, decimals: 3),
        .number(Double(level.agreeing) / Double(reviews), decimals: 3),
      ])
    }
    return table.text(style)
  }

  /// `levels`, `reviews` and `truncated`.
  var members: [JSON.Member] {
    func interval(_ interval: Interval) -> JSON { [.number(interval.low), .number(interval.high)] }
    let objects = levels.map { level -> JSON in
      [
        "layer": .integer(level.level.layer), "level": .string(level.level.name),
        "accuracy": .number(Double(level.correct) / Double(reviews)),
        "accuracy_ci95": interval(.wilson(successes: level.correct, of: reviews)),
        "agreement": .number(Double(level.agreeing) / Double(reviews)),
        "true_probability": .number(level.meanTrueProbability), "true_probability_ci95": interval(level.interval),
      ]
    }
    return [
      JSON.Member("levels", .array(objects)), JSON.Member("reviews", .integer(reviews)),
      JSON.Member("truncated", .integer(truncated)),
    ]
  }
}
