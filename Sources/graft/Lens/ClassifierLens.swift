import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

/// Each level through the classifier, as if the later blocks were skipped. A splice is read from the state that enters
/// its second model on, since the classifier belongs to that one.
struct ClassifierLens {
  let model: any TransformerModel
  let classifier: Classification
  private let workspace: Workspace
  /// The states are classified while a pass is on its way, which must not lose its working memory.
  private let headWorkspace: Workspace

  /// - Throws: what reading the classifier and its meaning throws.
  init(_ model: any TransformerModel, threads: Threads) throws {
    self.model = model
    classifier = try model.classification()
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
      scores.append(lens.classifier.head.apply(h, batch, workspace: lens.headWorkspace))
    }
  }
}

/// How one text's decision forms.
struct ClassifierReading {
  let text: String
  let tokens: TextEncoder.Tokens
  let levels: [LensLevel]
  /// [levels][C]
  let logits: [[Float]]
  let classifier: Classification
  let modelName: String

  private var problem: ProblemType { classifier.problemType }

  /// Levels upward, a column a class; for numbers only the scores.
  var heatMap: HeatMap {
    let answer = logits.last.flatMap(problem.predicted)
    let marksOne = problem == .singleLabel
    let rows = zip(levels, logits).map { level, logits in
      let winner = problem.predicted(logits)
      let probabilities = problem.probabilities(logits)
      return HeatMap.Row(
        level.name,
        logits.enumerated().map { label, logit in
          HeatMap.Cell(
            values: (probabilities.map { [$0[label]] } ?? []) + [Double(logit)],
            isMarked: marksOne && label == winner && winner == answer)
        })
    }
    let most = logits.flatMap { $0.map { abs(Double($0)) } }.reduce(0.01, max)
    let logit = HeatMap.Statistic("logit", explanation: "The classifier's score.", range: -most...most, decimals: 2)
    return HeatMap(
      title: "\(modelName): \(text.shortened(to: 90))",
      subtitle: "each level through the classifier, as if the later blocks were skipped", columns: classifier.labels,
      rows: rows,
      statistics: (problem.explanation.map { [HeatMap.Statistic("probability", explanation: $0, range: 0...1)] } ?? [])
        + [logit], markMeaning: marksOne ? "the final decision" : "")
  }
}

extension ClassifierReading: Encodable {
  func encode(to encoder: any Encoder) throws {
    let levels = zip(levels, logits).map { level, logits -> JSONMembers in
      [
        "layer": level.layer, "level": level.name, "logits": logits, "predicted": problem.predicted(logits),
        "probabilities": problem.probabilities(logits),
      ]
    }
    try encoder.encode([
      "text": text, "tokens": tokens.ids.count, "truncated": tokens.truncated, "levels": levels,
    ])
  }
}

extension ProblemType {
  /// What the probabilities are; nil where there are none.
  fileprivate var explanation: String? {
    switch self {
    case .singleLabel: return "Softmax of the classifier's scores."
    case .multiLabel: return "Sigmoid of the classifier's score."
    case .regression: return nil
    }
  }
}

/// What the levels say about one review.
struct ClassifierLensRecord: Encodable {
  let id: String
  let label: Int
  /// [levels][C]
  let logits: [[Float]]
}

extension ClassifierLensRecord {
  /// Reads what was encoded. Throws `FileError`.
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
  var members: JSONMembers {
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
