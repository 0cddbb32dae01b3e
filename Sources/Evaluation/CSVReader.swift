import Files

/// Reads comma-separated values, record by record (RFC 4180): fields in double quotes may hold commas, line ends and
/// doubled quotes. Lines end in \n or \r\n; empty lines between records are skipped.
struct CSVReader {
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private var position = 0
  private var line = 1

  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next record and the line it starts on (from 1); nil at the end.
  /// - Throws: `FileError.malformed` for a quote inside a field without quotes, text after a closing quote, or a quote
  ///   that is never closed.
  mutating func nextRecord() throws -> (line: Int, fields: [DecodedText])? {
    while skipLineEnd() {}
    guard position < bytes.count else { return nil }
    let start = line
    var fields = [try nextField()]
    while position < bytes.count, !skipLineEnd() {
      position += 1  // The comma, which is all that can stand here.
      fields.append(try nextField())
    }
    return (start, fields)
  }

  private func at(_ index: Int, _ scalar: Unicode.Scalar) -> Bool {
    index < bytes.count && bytes[index] == UInt8(ascii: scalar)
  }

  private func isLineEnd(_ index: Int) -> Bool {
    at(index, "\n") || (at(index, "\r") && at(index + 1, "\n"))
  }

  private mutating func skipLineEnd() -> Bool {
    guard isLineEnd(position) else { return false }
    position += at(position, "\n") ? 1 : 2
    line += 1
    return true
  }

  /// Ends before a comma, a line end or the end of the file.
  private mutating func nextField() throws -> DecodedText {
    if at(position, "\"") { return try quotedField() }
    let start = position
    while position < bytes.count, !at(position, ","), !isLineEnd(position) {
      if at(position, "\"") {
        throw malformed("a field with quotes to begin with one", found: "a quote inside a field", line: line)
      }
      position += 1
    }
    return DecodedText(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
  }

  private mutating func quotedField() throws -> DecodedText {
    let startLine = line
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      if at(position, "\"") {
        guard at(position + 1, "\"") else {
          position += 1
          guard position == bytes.count || at(position, ",") || isLineEnd(position) else {
            throw malformed("a comma or the line's end after a closing quote", found: "more text", line: line)
          }
          return content.withUnsafeBytes { DecodedText($0) }
        }
        position += 1
      }
      if at(position, "\n") { line += 1 }
      content.append(bytes[position])
      position += 1
    }
    throw malformed("a closing quote", found: "the end of the file", line: startLine)
  }

  private func malformed(_ expected: String, found: String, line: Int) -> FileError {
    .malformed(path: path, location: "line \(line)", expected: expected, found: found)
  }
}
