import Files

extension Dataset {
  /// The reviews of a table with a header.
  static func tableReviews(
    _ path: String, _ dialect: CSVReader.Dialect, _ columns: DatasetColumns
  ) throws -> [Written] {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) {
      var reader = CSVReader(file.bytes, path: path, dialect: dialect)
      let header = try reader.nextRecord()
      let names = header?.fields.map(\.string) ?? []
      let places = try columns.places(in: names, of: .init(path: path, line: header?.line ?? 1, dialect: dialect))
      var reviews: [Written] = []
      while let record = try reader.nextRecord() {
        guard record.fields.count == names.count else {
          throw DatasetError.malformed(
            path: path, line: record.line, column: nil, expected: "\(names.count) fields as in the header",
            found: "\(record.fields.count)",
            advice: "put a text that holds \(dialect.name), quotes or line ends in double quotes")
        }
        let label: WrittenLabel
        do throws(WrittenLabel.Fault) {
          label = try WrittenLabel(field: record.fields[places.label].string)
        } catch {
          throw error.described(
            path: path, line: record.line, column: names[places.label],
            found: "\"\(record.fields[places.label].string.prefix(60))\"")
        }
        reviews.append(
          Written(id: "row/\(reviews.count + 1)", text: record.fields[places.text], label: label, line: record.line))
      }
      return reviews
    }
  }
}

extension WrittenLabel.Fault {
  func described(path: String, line: Int, column: String, found: String) -> DatasetError {
    let advice =
      switch self {
      case .missing: "give every review a label, or leave the line out"
      case .unknown: "-1 marks reviews whose label is not known; give labelled ones"
      case .notAClass: "give the class of each review by its name or number"
      }
    return .malformed(
      path: path, line: line, column: column, expected: "a class: a name, or a whole number from 0", found: found,
      advice: advice)
  }
}
