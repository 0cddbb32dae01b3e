import DenseMath
import Files
import Foundation

/// A classifier's prediction for one review.
public struct Prediction: Sendable {
  /// The review's id; unique in its dataset.
  public let id: String
  /// The true class, from 0.
  public let label: Int
  /// The class with the largest logit; the lowest one when several share it.
  public let predicted: Int
  /// [C], one per class.
  public let logits: [Float]
  /// How many tokens the model read, special ones included.
  public let tokens: Int
  /// Whether the text had more tokens than that.
  public let truncated: Bool

  /// A prediction from a classifier's scores, [C].
  public init(id: String, label: Int, logits: [Float], tokens: Int, truncated: Bool) {
    self.id = id
    self.label = label
    self.logits = logits
    self.tokens = tokens
    self.truncated = truncated
    predicted = VectorMath.argmax(logits, count: logits.count) ?? 0
  }

  /// Whether the predicted class is the true one.
  public var isCorrect: Bool { predicted == label }

  /// [C] the logarithms of the classes' probabilities (softmax of the logits) in nats, computed in Double.
  public var logProbabilities: [Double] {
    let logits = self.logits.map(Double.init)
    let largest = logits.max() ?? 0
    let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
    return logits.map { $0 - logSum }
  }

  /// The probability of the predicted class.
  public var confidence: Double { exp(logProbabilities[predicted]) }
}

extension Prediction: Encodable {
  /// Reads what was encoded; other keys are ignored. - Throws: `FileError` when a value is missing or of the wrong
  /// type, or `predicted` is not the class of the largest logit.
  public init(_ object: JSONNode) throws {
    self.init(
      id: try object["id"].string(), label: try object["label"].int(),
      logits: try object["logits"].array().map { Float(try $0.double()) }, tokens: try object["tokens"].int(),
      truncated: try object["truncated"].bool())
    guard try object["predicted"].int() == predicted else {
      throw object["predicted"].wrong("\(predicted), the class with the largest logit")
    }
  }

  /// The predictions of a run, in the order of the file: `predictions.jsonl` in a run's folder, or such a file itself.
  /// - Throws: `FileError` that names the file and line.
  public static func read(run path: String) throws -> [Prediction] {
    try readJSONLines(Folder.exists(path) ? path + "/predictions.jsonl" : path) { try Prediction($0) }
  }

  /// The names of the classes in a run's `run.json`; nil where there is none, or where the classes have no names.
  /// - Parameter path: as for `read(run:)`.
  /// - Throws: `FileError`.
  public static func classNames(run path: String) throws -> [String]? {
    let folder = Folder.exists(path) ? path : URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder + "/run.json") else { return nil }
    let stamp = try JSONNode.read(folder + "/run.json")
    let labels = stamp["labels"].isPresent ? stamp["labels"] : stamp["options"]["labels"]
    guard labels.isPresent else { return nil }
    if stamp["label_order"].value == .string(LabelOrder.assumed.rawValue) { return LabelWord.sentiments.map(\.key) }
    let names = try labels.array().map { try $0.string() }
    return ClassNames(names, of: path).arePlaceholders ? nil : names
  }
}
