import Evaluation
import Transformer

extension ClassNames {
  /// The classes of a classifier that is trained on a dataset: the `given` names; else those of the classifier it starts
  /// from, where the dataset's labels are among them; else the dataset's own words, or `LABEL_0`, `LABEL_1`... where it has
  /// numbers.
  /// - Throws: `LabelError` where the model's own names contradict each other; `TrainingError.nothingToLearn` for a single
  ///   class or far too many.
  package init(training model: Model, on dataset: Dataset, named given: [String]?) throws {
    let words = dataset.classNames.map { ClassNames($0, of: dataset.name) }
    let count = words?.names.count ?? (dataset.reviews.map(\.label).max() ?? 0) + 1
    guard count >= 2 else {
      let alone = words?.names.first ?? "label 0"
      throw TrainingError.nothingToLearn(expected: "texts of at least two classes", found: "\(alone) alone")
    }
    guard count <= 10_000 else {
      throw TrainingError.nothingToLearn(expected: "at most 10,000 classes", found: "\(count)")
    }
    if let given {
      self.init(given, of: "the names given")
    } else if let own = try Self.own(of: model, fitting: dataset, words: words, count: count) {
      self = own
    } else {
      self = words ?? ClassNames((0..<count).map { "LABEL_\($0)" }, of: dataset.name)
    }
  }

  /// Numbers match only as many classes: 1 of two classes may differ from 1 of three.
  private static func own(
    of model: Model, fitting dataset: Dataset, words: ClassNames?, count: Int
  ) throws -> ClassNames? {
    guard model.classifier != nil else { return nil }
    let own = try ClassNames(of: model)
    guard !own.arePlaceholders else { return nil }
    if words.map(\.arePlaceholders) ?? true { return own.names.count == count ? own : nil }
    do {
      _ = try dataset.labelled(for: own)
      return own
    } catch LabelError.notAClass {
      return nil
    }
  }
}
