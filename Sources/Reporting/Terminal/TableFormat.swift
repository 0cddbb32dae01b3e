import Files

/// How a file holds tables.
package enum TableFormat: String, CaseIterable, Sendable {
  case markdown = "md"
  case latex = "tex"
  case csv

  /// By the end of a file's name; nil for any other.
  package init?(path: String) {
    let name = path.lowercased()
    guard let format = Self.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") }) else { return nil }
    self = format
  }

  /// The whole file, the tables in their order.
  package func text(_ tables: [Table]) -> String {
    switch self {
    case .markdown: tables.map(\.markdown).joined(separator: "\n")
    case .latex: "% Needs \\usepackage{booktabs}.\n" + tables.map { "\n" + $0.latex }.joined()
    case .csv: Records(tables).text(.csv)
    }
  }
}

extension Records {
  /// The rows of all tables: the columns are their titles in order of first appearance, after that of the captions where
  /// there are several tables.
  fileprivate init(_ tables: [Table]) {
    let captions = tables.count > 1 ? ["table"] : []
    let titles = tables.map { $0.distinctTitles(besides: Set(captions)) }
    var places: [String: Int] = [:]
    var columns: [String] = []
    for title in captions + titles.joined() where places[title] == nil {
      places[title] = columns.count
      columns.append(title)
    }
    let rows = zip(tables, titles).flatMap { table, titles in
      table.rows.map { cells in
        var row = [JSON](repeating: .null, count: columns.count)
        if !captions.isEmpty { row[0] = .string(table.caption) }
        for (title, cell) in zip(titles, cells) where !cell.isMissing {
          places[title].map { row[$0] = .string(cell.text) }
        }
        return row
      }
    }
    self.init(columns: columns, rows: rows)
  }
}

extension Table {
  /// The titles, of which no two are the same: the second "95%" is "95% 2", and a column without a title has its number.
  fileprivate func distinctTitles(besides taken: Set<String>) -> [String] {
    var taken = taken
    return columns.enumerated().map { index, column in
      let title = column.title.isEmpty ? "column \(index + 1)" : column.title
      var (name, count) = (title, 1)
      while !taken.insert(name).inserted {
        count += 1
        name = "\(title) \(count)"
      }
      return name
    }
  }
}
