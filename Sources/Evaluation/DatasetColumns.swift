/// The columns of a table, or keys of JSON Lines, with a review's text and its label.
///
/// The default is a common name: `review`, `text`, `sentence`... and `sentiment`, `label`..., compared without regard
/// to case and to white space around it.
public struct DatasetColumns: Equatable, Sendable {
  /// The column of the texts; nil to find it by the usual names.
  public let text: String?
  /// The column of the labels; nil to find it by the usual names.
  public let label: String?

  /// Columns by name; nil for the usual names.
  public init(text: String? = nil, label: String? = nil) {
    self.text = text
    self.label = label
  }

  /// Whether both have the usual names.
  public var isEmpty: Bool { text == nil && label == nil }

  static let commonTexts = [
    "review", "text", "sentence", "content", "review_text", "comment", "tweet", "document", "body",
  ]
  static let commonLabels = ["sentiment", "label", "labels", "class", "category", "polarity", "target"]

  /// The indices of the two columns in `names`.
  /// - Throws: `DatasetError.columns`, with all names, when a column is missing or ambiguous.
  func places(in names: [String], of table: Table) throws -> (text: Int, label: Int) {
    let text = try place(in: names, named: self.text, or: Self.commonTexts, role: .text, table)
    let label = try place(in: names, named: self.label, or: Self.commonLabels, role: .label, table)
    guard text != label else { throw table.error(.label, "another column than that of the texts", names) }
    return (text, label)
  }

  /// The owner of the columns, for errors.
  struct Table {
    let path: String
    let line: Int
    /// The separator of the columns; nil for keys of an object.
    let dialect: CSVReader.Dialect?

    func error(_ role: DatasetError.Role, _ expected: String, _ names: [String]) -> DatasetError {
      .columns(path: path, line: line, role: role, expected: expected, found: names, separatedBy: dialect?.name)
    }
  }

  private func place(
    in names: [String], named name: String?, or common: [String], role: DatasetError.Role, _ table: Table
  ) throws -> Int {
    if let name {
      let exact = names.indices.filter { names[$0] == name }
      let found = exact.isEmpty ? names.indices.filter { Self.folded(names[$0]) == Self.folded(name) } : exact
      guard found.count == 1 else { throw table.error(role, "one column \(name)", names) }
      return found[0]
    }
    let found = names.indices.filter { common.contains(Self.folded(names[$0])) }
    guard found.count == 1 else {
      throw table.error(
        role, (found.isEmpty ? "one" : "only one") + " of the names " + common.joined(separator: ", "), names)
    }
    return found[0]
  }

  private static func folded(_ name: String) -> String { name.trimmingSpace.lowercased() }
}
