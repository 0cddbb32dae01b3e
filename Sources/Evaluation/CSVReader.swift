/// Reads separated values, record by record. Lines end in \n, \r\n or \r; empty lines are skipped. A field that begins with
/// a double quote ends at the next one that is not doubled, and may hold separators and line ends.
struct CSVReader {
  /// The separator, and how quotes in unexpected places are read.
  enum Dialect {
    /// Python's `csv` module with `strict=False`, which is also how pandas reads: a quote inside a field is a
    /// character, and text after a closing quote belongs to the field.
    case commas
    /// Tabs. Text after a closing quote is an error: such files are often written without quoting, and a text that
    /// begins with a quote would swallow the lines after it.
    case tabs

    var separator: UInt8 { self == .commas ? UInt8(ascii: ",") : UInt8(ascii: "\t") }
    var name: String { self == .commas ? "commas" : "tabs" }
  }

  let dialect: Dialect
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private var position = 0
  private var line = 1

  init(_ bytes: UnsafeRawBufferPointer, path: String, dialect: Dialect) {
    self.bytes = bytes
    self.path = path
    self.dialect = dialect
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next record and the line it starts on (from 1); nil at the end.
  /// - Throws: `DatasetError.malformed` for a quote that is never closed and, between tabs, for text after a closing quote.
  mutating func nextRecord() throws -> (line: Int, fields: [DecodedText])? {
    while skipLineEnd() {}
    guard position < bytes.count else { return nil }
    let start = line
    var fields = [try nextField()]
    while position < bytes.count, !skipLineEnd() {
      position += 1  // The separator, the only possibility.
      fields.append(try nextField())
    }
    return (start, fields)
  }

  private func at(_ index: Int, _ byte: UInt8) -> Bool { index < bytes.count && bytes[index] == byte }

  private func endsField(_ index: Int) -> Bool {
    index == bytes.count || at(index, dialect.separator) || at(index, .newline) || at(index, .carriageReturn)
  }

  private mutating func skipLineEnd() -> Bool {
    guard at(position, .newline) || at(position, .carriageReturn) else { return false }
    position += at(position, .carriageReturn) && at(position + 1, .newline) ? 2 : 1
    line += 1
    return true
  }

  /// Up to a separator, a line end or the end of the file.
  private mutating func nextField() throws -> DecodedText {
    var content = try at(position, .quote) ? quotedPart() : []
    let start = position
    while !endsField(position) { position += 1 }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    guard !content.isEmpty else { return DecodedText(rest) }
    content += rest
    return content.withUnsafeBytes { DecodedText($0) }
  }

  /// From an opening quote to behind the closing one.
  private mutating func quotedPart() throws -> [UInt8] {
    let startLine = line
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      if at(position, .quote) {
        guard at(position + 1, .quote) else {
          position += 1
          guard dialect == .commas || endsField(position) else { throw textAfterQuote() }
          return content
        }
        position += 1
      }
      if at(position, .newline) || (at(position, .carriageReturn) && !at(position + 1, .newline)) { line += 1 }
      content.append(bytes[position])
      position += 1
    }
    throw DatasetError.malformed(
      path: path, line: startLine, column: nil, expected: "a closing quote", found: "the end of the file",
      advice: "close the quote, or double a quote that belongs to the text")
  }

  private func textAfterQuote() -> DatasetError {
    .malformed(
      path: path, line: line, column: nil, expected: "a tab or the line's end after a closing quote",
      found: "more text",
      advice: "where quotes are part of the texts, double them and put the text in quotes, as csv writers do")
  }
}

extension UInt8 {
  fileprivate static let newline = UInt8(ascii: "\n")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")
  fileprivate static let quote = UInt8(ascii: "\"")
}
