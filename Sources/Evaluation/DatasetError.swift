/// Errors of a dataset or a choice of its reviews. Text that is not JSON is a `FileError` that names the line.
public enum DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The use of a column.
  public enum Role: String, Sendable { case text, label }

  /// `path` is not a known form of a dataset.
  case unrecognized(path: String, found: String)
  /// `path` must be converted first, by `command`.
  case unsupported(path: String, kind: String, command: String)
  /// A split of a file, which has none.
  case noSplits(path: String, asked: String)
  /// Columns were named for a folder, which has none.
  case noColumns(path: String)
  /// The column of the texts or labels is missing or ambiguous. `separatedBy` is nil for JSON Lines.
  case columns(path: String, line: Int, role: Role, expected: String, found: [String], separatedBy: String?)
  /// An invalid line.
  case malformed(path: String, line: Int, column: String?, expected: String, found: String, advice: String)
  /// No review in the folder or file.
  case empty(path: String)
  /// A list of ids names a review that is not in the dataset.
  case unknownReview(path: String, line: Int, id: String, dataset: String)
  /// The number of reviews is not positive.
  case limit(Int)

  public var description: String {
    switch self {
    case .unrecognized(let path, let found):
      return
        "\(path): expected an aclImdb folder (one that holds test/pos and test/neg), a .csv or .tsv file with a header"
        + " or a .jsonl or .json file of objects; found \(found)"
    case .unsupported(let path, let kind, let command):
      return "\(path): expected a .csv, .tsv or .jsonl file, found \(kind); convert it with: \(command)"
    case .noSplits(let path, let asked):
      return "\(path): the split \(asked) was asked for, but only an aclImdb folder has splits; leave the option out"
    case .noColumns(let path):
      return "\(path): columns were named, but a folder has none; leave the names out"
    case .columns(let path, let line, let role, let expected, let found, let separator):
      return "\(path) (line \(line)): expected \(expected) for the column of the \(role.rawValue)s, "
        + "found \(Self.list(found, quoting: separator != nil))" + Self.hint(found, separatedBy: separator)
    case .malformed(let path, let line, let column, let expected, let found, let advice):
      let place = "line \(line)" + (column.map { ", column \($0)" } ?? "")
      return "\(path) (\(place)): expected \(expected), found \(found); \(advice)"
    case .empty(let path):
      return "\(path): expected at least one review, found none"
    case .unknownReview(let path, let line, let id, let dataset):
      return "\(path) (line \(line)): the review \(id) is not in \(dataset);"
        + " give ids of that dataset and split, one a line"
    case .limit(let limit):
      return "the number of reviews must be at least 1, found \(limit)"
    }
  }

  private static func list(_ names: [String], quoting isTable: Bool) -> String {
    guard !names.isEmpty else { return isTable ? "nothing" : "no keys" }
    let shown = names.prefix(20).map { "\"\($0.prefix(60))\"" }.joined(separator: ", ")
    return "the \(isTable ? "columns" : "keys") \(shown)" + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }

  /// Another separator that a header of a single column may have.
  private static func hint(_ names: [String], separatedBy separator: String?) -> String {
    guard let separator, names.count == 1 else { return "" }
    let others = [("commas", ","), ("semicolons", ";"), ("tabs", "\t"), ("vertical bars", "|")]
    guard let other = others.first(where: { $0.0 != separator && names[0].contains($0.1) }) else { return "" }
    let advice =
      switch other.0 {
      case "commas": "name it .csv"
      case "tabs": "name it .tsv"
      default: "save it with commas"
      }
    return "; this file is read as separated by \(separator), and its header holds \(other.0): \(advice)"
  }
}
