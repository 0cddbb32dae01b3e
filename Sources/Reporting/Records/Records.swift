import Files

/// A result as a table of scalars, one row per cell: for pandas, R and spreadsheets.
package struct Records: Equatable, Sendable {
  package enum Format: String, CaseIterable, Sendable { case jsonl, csv }

  package let columns: [String]
  /// As many values as there are columns in each.
  package let rows: [[JSON]]

  /// - Precondition: a value per column in each row.
  package init(columns: [String], rows: [[JSON]]) {
    precondition(rows.allSatisfy { $0.count == columns.count }, "rows that do not fit their columns")
    (self.columns, self.rows) = (columns, rows)
  }

  package func text(_ format: Format) -> String {
    switch format {
    case .jsonl:
      rows.map { row in JSON.object(zip(columns, row).map { JSON.Member($0, $1) }).serialized() + "\n" }.joined()
    case .csv:
      ([columns.map(JSON.string)] + rows).map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
    }
  }

  /// As RFC 4180, control characters in quotes too; nothing for null.
  private static func field(_ value: JSON) -> String {
    switch value {
    case .null: return ""
    case .string(let text):
      guard text.utf8.contains(where: { $0 < 0x20 || [0x22, 0x2C, 0x7F].contains($0) }) else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + "\""
    default: return value.serialized()
    }
  }
}

extension JSON {
  /// The elements of an array; none for anything else.
  var elements: [JSON] { if case .array(let values) = self { values } else { [] } }

  /// What stands at keys, one inside the other; null where there is nothing.
  func at(_ keys: String...) -> JSON { keys.reduce(self) { $0[$1] ?? .null } }
}
