import Files

/// Bytes read as UTF-8.
struct DecodedText {
  let string: String
  /// Whether some bytes were not UTF-8; each maximal invalid sequence became U+FFFD.
  let isRepaired: Bool

  init(string: String, isRepaired: Bool) {
    self.string = string
    self.isRepaired = isRepaired
  }

  init(_ bytes: UnsafeRawBufferPointer) {
    if let string = String(validating: bytes, as: UTF8.self) {
      self.init(string: string, isRepaired: false)
    } else {
      self.init(string: String(decoding: bytes, as: UTF8.self), isRepaired: true)
    }
  }
}

/// One line of a file.
struct TextLine {
  let path: String
  /// From 1.
  let number: Int
  /// Without the line end (\n or \r\n).
  let text: DecodedText

  /// The line as a JSON value. Throws `FileError` that names the line.
  func json() throws -> JSONNode {
    do {
      return JSONNode(try JSON.parse(text.string, path: path), path: path, location: "line \(number)")
    } catch FileError.malformed(_, let place, let expected, let found) {
      throw FileError.malformed(
        path: path, location: "line \(number), \(place)", expected: expected, found: found)
    }
  }
}

/// Calls `body` with every line of a file that is not blank. A byte order mark before the first line is dropped.
/// - Throws: `FileError`, and what `body` throws.
func forEachLine(of path: String, _ body: (TextLine) throws -> Void) throws {
  let file = try MappedFile(path)
  try withExtendedLifetime(file) {
    var rest = file.bytes[...]
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    var number = 0
    while !rest.isEmpty {
      number += 1
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      var line = rest[rest.startIndex..<end]
      rest = rest[min(end + 1, rest.endIndex)...]
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { continue }
      try body(TextLine(path: path, number: number, text: DecodedText(UnsafeRawBufferPointer(rebasing: line))))
    }
  }
}

/// The results of `decode` for each object of a JSON Lines file, in order; one object is in memory at a time.
/// - Throws: `FileError` that names the file and line; what `decode` throws.
package func readJSONLines<Record>(_ path: String, decode: (JSONNode) throws -> Record) throws -> [Record] {
  var records: [Record] = []
  try forEachLine(of: path) { records.append(try decode($0.json())) }
  return records
}
