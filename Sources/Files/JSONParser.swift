import Foundation

extension JSON {
  /// Parses UTF-8 JSON text (RFC 8259). `path` names the source in errors.
  /// - Throws: `FileError.malformed` with the byte offset: bad syntax, invalid UTF-8, a key given twice, nesting past 128.
  package static func parse(_ bytes: UnsafeRawBufferPointer, path: String) throws -> JSON {
    var parser = JSONParser(bytes: bytes, path: path)
    return try parser.parseDocument()
  }

  /// Parses a string; see `parse(_:path:)`.
  package static func parse(_ text: String, path: String) throws -> JSON {
    try Array(text.utf8).withUnsafeBytes { try parse($0, path: path) }
  }

  /// Reads and parses a whole file.
  /// - Throws: `FileError`.
  package static func read(_ path: String) throws -> JSON {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) { try parse(file.bytes, path: path) }
  }
}

private struct JSONParser {
  private static let deepestNesting = 128
  let bytes: UnsafeRawBufferPointer
  let path: String
  var position = 0

  init(bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  mutating func parseDocument() throws -> JSON {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try parseValue(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("the end of the file") }
    return value
  }

  private mutating func parseValue(depth: Int) throws -> JSON {
    guard depth <= Self.deepestNesting else { throw error("at most \(Self.deepestNesting) nested values") }
    skipSpace()
    guard position < bytes.count else { throw error("a value") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    default: return try parseNumber()
    }
  }

  private mutating func parseObject(depth: Int) throws -> JSON {
    position += 1
    var members: [JSON.Member] = []
    var seen = Set<ExactKey>()
    if try consumeEnd("}") { return .object(members) }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw error("a key in quotes") }
      let start = position
      let key = try parseString()
      guard seen.insert(ExactKey(key)).inserted else {
        position = start
        throw error("each key once", found: "\"\(key.prefix(60))\" again")
      }
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw error("\":\"") }
      position += 1
      members.append(JSON.Member(key, try parseValue(depth: depth + 1)))
      if try consumeSeparatorOrEnd("}") { return .object(members) }
    }
  }

  private mutating func parseArray(depth: Int) throws -> JSON {
    position += 1
    var values: [JSON] = []
    if try consumeEnd("]") { return .array(values) }
    while true {
      values.append(try parseValue(depth: depth + 1))
      if try consumeSeparatorOrEnd("]") { return .array(values) }
    }
  }

  private mutating func consumeEnd(_ end: Unicode.Scalar) throws -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: end) else { return false }
    position += 1
    return true
  }

  /// True at the closing bracket, false after a comma.
  private mutating func consumeSeparatorOrEnd(_ end: Unicode.Scalar) throws -> Bool {
    if try consumeEnd(end) { return true }
    guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { throw error("\",\" or \"\(end)\"") }
    position += 1
    return false
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSON) throws -> JSON {
    let length = word.utf8CodeUnitCount
    guard position + length <= bytes.count,
      memcmp(bytes.baseAddress! + position, word.utf8Start, length) == 0
    else { throw error("a value") }
    position += length
    return value
  }

  private mutating func parseNumber() throws -> JSON {
    let start = position
    func digit(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 48 && bytes[index] <= 57 }
    func at(_ index: Int, _ scalars: Unicode.Scalar...) -> Bool {
      index < bytes.count && scalars.contains { bytes[index] == UInt8(ascii: $0) }
    }
    var end = position
    var isInteger = true
    func errorAtEnd(_ expected: String) -> FileError {
      position = end
      return error(expected)
    }
    if at(end, "-") { end += 1 }
    guard digit(end) else { throw errorAtEnd("a value") }
    if at(end, "0") { end += 1 } else { while digit(end) { end += 1 } }
    if at(end, ".") {
      isInteger = false
      end += 1
      guard digit(end) else { throw errorAtEnd("digits after the decimal point") }
      while digit(end) { end += 1 }
    }
    if at(end, "e", "E") {
      isInteger = false
      end += 1
      if at(end, "+", "-") { end += 1 }
      guard digit(end) else { throw errorAtEnd("digits in the exponent") }
      while digit(end) { end += 1 }
    }
    let text = String(decoding: bytes[start..<end], as: UTF8.self)
    position = end
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      position = start
      throw error("a number a Float64 can hold", found: String(text.prefix(40)))
    }
    return .number(value)
  }

  private mutating func parseString() throws -> String {
    position += 1
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"),
      bytes[position] >= 0x20
    { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
      let text = try decoded(UnsafeRawBufferPointer(rebasing: bytes[start..<position]), at: start)
      position += 1
      return text
    }
    var buffer = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return try buffer.withUnsafeBytes { try decoded($0, at: start) }
      case UInt8(ascii: "\\"):
        position += 1
        try parseEscape(into: &buffer)
      case 0..<0x20:
        throw error("no control character inside a string")
      default:
        buffer.append(byte)
        position += 1
      }
    }
    throw error("a closing quote")
  }

  private mutating func parseEscape(into buffer: inout [UInt8]) throws {
    guard position < bytes.count else { throw error("an escape") }
    let escape = bytes[position]
    position += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(escape)
    case UInt8(ascii: "b"): buffer.append(8)
    case UInt8(ascii: "f"): buffer.append(12)
    case UInt8(ascii: "n"): buffer.append(10)
    case UInt8(ascii: "r"): buffer.append(13)
    case UInt8(ascii: "t"): buffer.append(9)
    case UInt8(ascii: "u"):
      var code = try parseHex4()
      if code >= 0xD800, code < 0xDC00 {
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("the second half of a surrogate pair") }
        position += 2
        let low = try parseHex4()
        guard low >= 0xDC00, low < 0xE000 else { throw error("the second half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("a Unicode scalar", found: "a lone surrogate") }
      buffer.append(contentsOf: String(Character(scalar)).utf8)
    default:
      position -= 1
      throw error("an escape that JSON knows")
    }
  }

  private mutating func parseHex4() throws -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("four hexadecimal digits") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      switch byte {
      case 48...57: code = code << 4 | UInt32(byte - 48)
      case 65...70: code = code << 4 | UInt32(byte - 55)
      case 97...102: code = code << 4 | UInt32(byte - 87)
      default: throw error("four hexadecimal digits")
      }
      position += 1
    }
    return code
  }

  private func decoded(_ text: UnsafeRawBufferPointer, at start: Int) throws -> String {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw FileError.malformed(
        path: path, location: "byte \(start)", expected: "valid UTF-8", found: "bad bytes in a string")
    }
    return string
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private func error(_ expected: String, found: String? = nil) -> FileError {
    let description: String
    if let found {
      description = found
    } else if position >= bytes.count {
      description = "the end of the file"
    } else {
      let byte = bytes[position]
      description = byte > 0x20 && byte < 0x7F ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte \(byte)"
    }
    return .malformed(path: path, location: "byte \(position)", expected: expected, found: description)
  }
}
