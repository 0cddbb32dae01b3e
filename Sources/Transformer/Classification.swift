import DenseMath
import Files
import Foundation

/// What the scores of a classifier mean: config.json's `problem_type`.
public enum ProblemType: String, CaseIterable, Sendable {
  /// Exactly one class: a softmax over the scores.
  case singleLabel = "single_label_classification"
  /// Independent labels: a sigmoid of each score.
  case multiLabel = "multi_label_classification"
  /// Numbers: the scores themselves.
  case regression

  /// The probability of each label, from the scores; nil for regression.
  public func probabilities(_ logits: [Float]) -> [Double]? {
    switch self {
    case .singleLabel:
      let highest = Double(logits.max() ?? 0)
      let weights = logits.map { exp(Double($0) - highest) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    case .multiLabel: return logits.map { 1 / (1 + exp(-Double($0))) }
    case .regression: return nil
    }
  }

  /// The label with the highest score, of equal ones the lowest; nil for regression.
  public func predicted(_ logits: [Float]) -> Int? {
    guard self != .regression else { return nil }
    return VectorMath.argmax(logits, count: logits.count)
  }
}

/// A classifier and the meaning of its scores from config.json.
public struct Classification: Sendable {
  /// The classifier.
  public let head: ClassifierHead
  /// The name of each score, [C].
  public let labels: [String]
  /// What the scores mean.
  public let problemType: ProblemType
}

extension TransformerModel {
  /// The classifier and the meaning of its scores. Without `problem_type` a single score is a label of its own, and
  /// several are exclusive classes, as in Hugging Face's pipeline. - Throws: `TransformerError`: no classifier, or
  /// names that are not one per score. `SettingsError` and `FileError` for an unknown `problem_type`, or one that needs
  /// more scores.
  public func classification() throws -> Classification {
    let head = try requireClassifier()
    try checkNames(of: head)
    let problem = try config.problemType() ?? (head.classes == 1 ? .multiLabel : .singleLabel)
    if problem == .singleLabel, head.classes == 1 {
      throw SettingsError.unsupported(
        path: config.path, key: "problem_type", found: "the string \"\(problem.rawValue)\" for a single score",
        supported: [ProblemType.multiLabel, .regression].map { "\"\($0.rawValue)\"" })
    }
    return Classification(head: head, labels: try labels(), problemType: problem)
  }

  /// The same for accuracies, which need exclusive classes.
  /// - Throws: also `TransformerError.notSingleLabel`.
  public func singleLabelClassification() throws -> Classification {
    let found = try classification()
    guard found.problemType == .singleLabel else {
      throw TransformerError.notSingleLabel(
        path: config.path, found: try config.problemType()?.rawValue ?? "none, and a classifier of a single score")
    }
    return found
  }

  /// `id2label` and `num_labels` must fit the classifier.
  private func checkNames(of head: ClassifierHead) throws {
    let (names, count) = (config["id2label"], config["num_labels"])
    func wrong(_ option: String, _ found: String) -> TransformerError {
      .impossibleSize(
        path: config.path, option: option, found: found, expected: "one per score of the classifier, \(head.classes)")
    }
    if count.isPresent, try count.int() != head.classes { throw wrong("num_labels", "\(try count.int())") }
    if names.isPresent {
      let found = try names.members().count
      guard found == head.classes else { throw wrong("id2label", "names of \(found)") }
      if let unnamed = (0..<head.classes).first(where: { !names["\($0)"].isPresent }) {
        throw wrong("id2label", "names without one of class \(unnamed)")
      }
    }
  }
}

extension JSONNode {
  /// config.json's `problem_type`; nil where it is absent or null.
  /// - Throws: `SettingsError` for an unknown one.
  package func problemType() throws -> ProblemType? {
    let node = self["problem_type"]
    guard node.isPresent, let value = node.value else { return nil }
    guard case .string(let name) = value, let problem = ProblemType(rawValue: name) else {
      throw SettingsError.unsupported(
        path: path, key: "problem_type", found: value.kind,
        supported: ProblemType.allCases.map { "\"\($0.rawValue)\"" })
    }
    return problem
  }
}
