/// Why a dataset's labels do not match a model's classes.
public enum LabelError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A review's label is not a class.
  case notAClass(dataset: String, review: String, found: String, owner: String, names: [String], areNamed: Bool)
  /// Two classes have the same name.
  case sameName(owner: String, first: String, second: String)
  /// config.json's `label2id` and `id2label` disagree about a name. `other` is the name of that class in `id2label`.
  case contradiction(path: String, name: String, place: Int, other: String?)

  public var description: String {
    switch self {
    case .notAClass(let dataset, let review, let found, let owner, let names, let areNamed):
      let list = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? "..." : "")
      let advice =
        areNamed
        ? "label the reviews with these names or with numbers from 0 to \(names.count - 1)"
        : "name the classes in id2label and label2id of config.json, or label the reviews with numbers from 0 to "
          + "\(names.count - 1)"
      return "\(dataset) (\(review)): expected a label among the \(names.count) classes of \(owner) (\(list)), "
        + "found \(found); \(advice)"
    case .sameName(let owner, let first, let second):
      return
        "\(owner): expected a name of its own for each class, found \(first) and \(second), which are the same word; "
        + "change id2label in config.json"
    case .contradiction(let path, let name, let place, let other):
      return "\(path) (label2id): expected id2label and label2id to agree, found \(name) for class \(place), which "
        + "id2label \(other.map { "calls \($0)" } ?? "does not have"); change one of them"
    }
  }
}
