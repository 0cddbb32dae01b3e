import Files

extension Dataset {
  /// The reviews of a file with one object per line.
  static func jsonLinesReviews(_ path: String, _ columns: DatasetColumns) throws -> [Written] {
    var reader = ObjectReader(path: path, columns: columns, unnamed: "line")
    var reviews: [Written] = []
    try forEachLine(of: path) { line in
      reviews.append(try reader.review(try line.json(), line: line.number, isRepaired: line.text.isRepaired))
    }
    return reviews
  }

  /// The reviews of a file that is one array of objects.
  static func jsonArrayReviews(_ path: String, _ columns: DatasetColumns) throws -> [Written] {
    let file = try MappedFile(path)
    let text = withExtendedLifetime(file) { DecodedText(file.bytes) }
    let objects = try JSONNode(JSON.parse(text.string, path: path), path: path).array()
    var reader = ObjectReader(path: path, columns: columns, unnamed: "item")
    return try objects.enumerated().map { try reader.review($1, line: $0 + 1, isRepaired: text.isRepaired) }
  }
}

private struct ObjectReader {
  let path: String
  let columns: DatasetColumns
  /// The prefix of the id of an object without one.
  let unnamed: String
  private var keys: (text: String, label: String)?
  private var lineOfID: [ExactKey: Int] = [:]

  init(path: String, columns: DatasetColumns, unnamed: String) {
    self.path = path
    self.columns = columns
    self.unnamed = unnamed
  }

  mutating func review(_ object: JSONNode, line: Int, isRepaired: Bool) throws -> Dataset.Written {
    let keys = try self.keys ?? find(in: object, line: line)
    self.keys = keys
    let id = try id(of: object, line: line)
    guard case .string(let text)? = object[keys.text].value else {
      throw malformed(
        line, keys.text, "a string", object[keys.text], "give every review a text, or leave the line out")
    }
    let label: WrittenLabel
    do throws(WrittenLabel.Fault) {
      label = try WrittenLabel(object[keys.label].value)
    } catch {
      throw error.described(
        path: path, line: line, column: keys.label, found: object[keys.label].value?.kind ?? "nothing")
    }
    return Dataset.Written(
      id: id, text: DecodedText(string: text, isRepaired: isRepaired), label: label, line: line)
  }

  /// Determines the keys from the first object.
  private func find(in object: JSONNode, line: Int) throws -> (text: String, label: String) {
    guard case .object(let members)? = object.value else {
      throw DatasetError.malformed(
        path: path, line: line, column: nil, expected: "an object", found: object.value?.kind ?? "nothing",
        advice: "write a review as {\"text\": ..., \"label\": ...}")
    }
    let names = members.map(\.key)
    let places = try columns.places(in: names, of: .init(path: path, line: line, dialect: nil))
    return (names[places.text], names[places.label])
  }

  private mutating func id(of object: JSONNode, line: Int) throws -> String {
    let node = object["id"]
    let id: String
    switch node.value {
    case .string(let text)?: id = text
    case .integer, .number: id = node.value?.serialized() ?? ""
    case .none, .null?: id = "\(unnamed)/\(line)"
    default: throw malformed(line, "id", "a string or a number", node, "give each review an id of its own, or none")
    }
    if let earlier = lineOfID.updateValue(line, forKey: ExactKey(id)) {
      throw DatasetError.malformed(
        path: path, line: line, column: "id", expected: "an id of its own",
        found: "\"\(id.prefix(60))\", which \(unnamed) \(earlier) has too",
        advice: "give each review another id, or none")
    }
    return id
  }

  private func malformed(
    _ line: Int, _ key: String, _ expected: String, _ node: JSONNode, _ advice: String
  ) -> DatasetError {
    .malformed(
      path: path, line: line, column: key, expected: expected, found: node.value?.kind ?? "nothing", advice: advice)
  }
}
