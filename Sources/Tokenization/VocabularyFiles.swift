import Files

/// Readers of vocab.txt, vocab.json and merges.txt. Every error names the file and the line or key.
enum VocabularyFiles {
  /// One token per line without trailing white space; the id is the line's number from 0. A line ends with LF or CRLF.
  /// An empty line is a token that no text has, and the last of equal lines counts, as in the `tokenizers` package.
  static func readLines(_ path: String) throws -> Vocabulary {
    var tokens: [[UInt8]?] = []
    var idByToken: [[UInt8]: Int] = [:]
    try forEachLine(path) { line, number in
      guard let text = String(validating: line, as: UTF8.self) else {
        throw malformed(path, "line \(number)", "valid UTF-8", "bad bytes")
      }
      var scalars = Substring(text).unicodeScalars
      while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
      let token = Array(Substring(scalars).utf8)
      if let earlier = idByToken.updateValue(tokens.count, forKey: token) { tokens[earlier] = nil }
      tokens.append(token)
    }
    guard !tokens.isEmpty else { throw malformed(path, "line 1", "a token a line", "an empty file") }
    return try Vocabulary(tokens)
  }

  /// An object of tokens and ids. Ids may leave holes.
  static func vocabulary(_ node: JSONNode) throws -> Vocabulary {
    let members = try node.members()
    guard !members.isEmpty else { throw node.wrong("an object of tokens and ids") }
    // A hole costs memory, so a corrupt id must not allocate gigabytes.
    let limit = members.count * 4 + 1024
    var tokens: [[UInt8]?] = []
    tokens.reserveCapacity(members.count)
    for member in members {
      guard case .integer(let id) = member.value, id >= 0, id < limit else {
        throw malformed(
          node.path, location(node, member.key), "an id from 0 to \(limit - 1) in a vocabulary of \(members.count)",
          member.value.kind)
      }
      while tokens.count <= id { tokens.append(nil) }
      if let other = tokens[id] {
        throw malformed(
          node.path, location(node, member.key), "each id once", "\(id) again, which is \(quoted(other)) too")
      }
      tokens[id] = Array(member.key.utf8)
    }
    return try Vocabulary(tokens)
  }

  /// Pairs in order of rank, two tokens per line with a space between; `#version` lines are left out.
  static func readMerges(_ path: String, _ vocabulary: Vocabulary) throws -> MergeTable {
    var merges = MergeList(path: path, vocabulary: vocabulary)
    try forEachLine(path) { line, number in
      guard !line.starts(with: "#version".utf8) else { return }
      try merges.append(line, .line(number))
    }
    return try merges.table()
  }

  /// The `merges` of a tokenizer.json: strings with a space, or arrays of two strings.
  static func merges(_ node: JSONNode, _ vocabulary: Vocabulary) throws -> MergeTable {
    var merges = MergeList(path: node.path, vocabulary: vocabulary)
    guard case .array(let values)? = node.value else { throw node.wrong("an array of merges") }
    for (index, value) in values.enumerated() {
      let place = MergeList.Place.element(node.location, index)
      switch value {
      case .string(var text): try text.withUTF8 { try merges.append($0, place) }
      case .array(let pair):
        let node = JSONNode(value, path: node.path, location: place.description)
        guard pair.count == 2 else { throw node.wrong("two tokens") }
        let tokens = try node.array().map { Array(try $0.string().utf8) }
        try (tokens[0] + tokens[1]).withUnsafeBufferPointer { try merges.append($0, split: tokens[0].count, place) }
      default: throw malformed(node.path, place.description, "two tokens", value.kind)
      }
    }
    return try merges.table()
  }

  static func malformed(_ path: String, _ location: String, _ expected: String, _ found: String) -> TokenizationError {
    .malformed(path: path, location: location, expected: expected, found: found)
  }

  static func quoted(_ token: some Sequence<UInt8>) -> String {
    "\"" + TokenDisplay.text(Array(token.prefix(60))) + "\""
  }

  private static func location(_ node: JSONNode, _ key: String) -> String {
    (node.location.isEmpty ? "" : node.location + ", ") + "key " + quoted(key.utf8)
  }

  /// Calls `body` with each line, without its end, and its number from 1.
  private static func forEachLine(_ path: String, _ body: (UnsafeBufferPointer<UInt8>, Int) throws -> Void) throws {
    let file = try MappedFile(path)
    try withExtendedLifetime(file) {
      let bytes = file.bytes.bindMemory(to: UInt8.self)
      var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      var number = 1
      while start < bytes.count {
        let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let hasReturn = newline > start && bytes[newline - 1] == UInt8(ascii: "\r")
        try body(UnsafeBufferPointer(rebasing: bytes[start..<newline - (hasReturn ? 1 : 0)]), number)
        start = newline + 1
        number += 1
      }
    }
  }
}

/// Merges as they are read, each checked against the vocabulary.
private struct MergeList {
  /// The position of a merge, formatted only for an error.
  enum Place: CustomStringConvertible {
    case line(Int)
    case element(String, Int)

    var description: String {
      switch self {
      case .line(let number): return "line \(number)"
      case .element(let location, let index): return "\(location)[\(index)]"
      }
    }
  }

  let path: String
  let vocabulary: Vocabulary
  private var merges: [Merge] = []
  private var places: [Place] = []
  private var joined: [UInt8] = []

  init(path: String, vocabulary: Vocabulary) {
    self.path = path
    self.vocabulary = vocabulary
  }

  /// Adds two tokens with a space between.
  mutating func append(_ line: UnsafeBufferPointer<UInt8>, _ place: Place) throws {
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), space > 0, space + 1 < line.count,
      !line[(space + 1)...].contains(UInt8(ascii: " "))
    else {
      let found = line.isEmpty ? "an empty line" : VocabularyFiles.quoted(line)
      throw VocabularyFiles.malformed(path, place.description, "two tokens with a space between", found)
    }
    joined.removeAll(keepingCapacity: true)
    joined += line[..<space]
    joined += line[(space + 1)...]
    try joined.withUnsafeBufferPointer { try append($0, split: space, place) }
  }

  /// Adds two adjacent tokens.
  mutating func append(_ tokens: UnsafeBufferPointer<UInt8>, split: Int, _ place: Place) throws {
    merges.append(
      (
        try id(of: UnsafeBufferPointer(rebasing: tokens[..<split]), place),
        try id(of: UnsafeBufferPointer(rebasing: tokens[split...]), place), try id(of: tokens, place)
      ))
    places.append(place)
  }

  func table() throws -> MergeTable {
    do throws(Repeated) {
      return try MergeTable(merges)
    } catch {
      throw VocabularyFiles.malformed(
        path, places[error.second].description, "each merge once", "that of \(places[error.first]) again")
    }
  }

  private func id(of token: UnsafeBufferPointer<UInt8>, _ place: Place) throws -> Int32 {
    guard let id = vocabulary.id(of: token) else {
      throw VocabularyFiles.malformed(
        path, place.description, "tokens of the vocabulary", "\(VocabularyFiles.quoted(token)), which is not in it")
    }
    return id
  }
}
