import Files

/// Readers of vocab.txt, vocab.json and merges.txt. Every error names the file and the line or key.
enum VocabularyFiles {
  /// One token a line, the id is the line's number from 0. A line ends with LF or CRLF.
  static func readLines(_ path: String) throws -> Vocabulary {
    var tokens: [[UInt8]?] = []
    var seen: [[UInt8]: Int] = [:]
    try forEachLine(path) { line, number in
      guard !line.isEmpty else {
        throw malformed(path, "line \(number)", "a token", "an empty line")
      }
      guard String(validating: line, as: UTF8.self) != nil else {
        throw malformed(path, "line \(number)", "valid UTF-8", "bad bytes")
      }
      let token = Array(line)
      if let first = seen.updateValue(number, forKey: token) {
        throw malformed(path, "line \(number)", "each token once", "\(quoted(token)) again, which is line \(first) too")
      }
      tokens.append(token)
    }
    guard !tokens.isEmpty else { throw malformed(path, "line 1", "a token a line", "an empty file") }
    return Vocabulary(tokens)
  }

  /// An object of tokens and ids. Ids may leave holes.
  static func vocabulary(_ node: JSONNode) throws -> Vocabulary {
    let members = try node.members()
    guard !members.isEmpty else { throw node.wrong("an object of tokens and ids") }
    // A hole costs memory, so a wild id must not ask for gigabytes.
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
    return Vocabulary(tokens)
  }

  /// Pairs in order of rank, two tokens a line with a space between; `#version` lines are left out.
  static func readMerges(_ path: String, _ vocabulary: Vocabulary) throws -> [Merge] {
    var merges = MergeList(path: path, vocabulary: vocabulary)
    try forEachLine(path) { line, number in
      guard !line.starts(with: Array("#version".utf8)) else { return }
      try merges.append(line, location: "line \(number)")
    }
    return merges.merges
  }

  /// The `merges` of a tokenizer.json: strings with a space, or arrays of two strings.
  static func merges(_ node: JSONNode, _ vocabulary: Vocabulary) throws -> [Merge] {
    var merges = MergeList(path: node.path, vocabulary: vocabulary)
    guard case .array(let values)? = node.value else { throw node.wrong("an array of merges") }
    for (index, value) in values.enumerated() {
      let location = "\(node.location)[\(index)]"
      switch value {
      case .string(let text):
        var text = text
        try text.withUTF8 { try merges.append($0, location: location) }
      case .array(let pair):
        let node = JSONNode(value, path: node.path, location: location)
        guard pair.count == 2 else { throw node.wrong("two tokens") }
        let tokens = try node.array().map { Array(try $0.string().utf8) }
        try merges.append(tokens[0], tokens[1], location: location)
      default:
        throw malformed(node.path, location, "two tokens", value.kind)
      }
    }
    return merges.merges
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

/// A pair of ids and the id of the two tokens joined.
typealias Merge = (left: Int32, right: Int32, joined: Int32)

/// Merges as they are read, each checked against the vocabulary.
private struct MergeList {
  let path: String
  let vocabulary: Vocabulary
  private(set) var merges: [Merge] = []
  private var seen = Set<UInt64>()

  init(path: String, vocabulary: Vocabulary) {
    self.path = path
    self.vocabulary = vocabulary
  }

  mutating func append(_ line: UnsafeBufferPointer<UInt8>, location: String) throws {
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), space > 0, space + 1 < line.count,
      !line[(space + 1)...].contains(UInt8(ascii: " "))
    else {
      let found = line.isEmpty ? "an empty line" : VocabularyFiles.quoted(line)
      throw VocabularyFiles.malformed(path, location, "two tokens with a space between", found)
    }
    try append(line[..<space], line[(space + 1)...], location: location)
  }

  mutating func append(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>, location: String) throws {
    let leftID = try id(of: left, location)
    let rightID = try id(of: right, location)
    guard seen.insert(UInt64(UInt32(leftID)) << 32 | UInt64(UInt32(rightID))).inserted else {
      let pair = VocabularyFiles.quoted(Array(left) + [UInt8(ascii: " ")] + right)
      throw VocabularyFiles.malformed(path, location, "each merge once", "\(pair) again")
    }
    merges.append((leftID, rightID, try id(of: Array(left) + right, location)))
  }

  private func id(of token: some Collection<UInt8>, _ location: String) throws -> Int32 {
    guard let id = Array(token).withUnsafeBufferPointer({ vocabulary.id(of: $0) }) else {
      throw VocabularyFiles.malformed(
        path, location, "tokens of the vocabulary", "\(VocabularyFiles.quoted(token)), which is not in it")
    }
    return id
  }
}
