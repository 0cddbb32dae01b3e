/// The cleaning of a review's text before it is tokenized.
public enum TextCleaning: String, CaseIterable, Sendable {
  /// Nothing.
  case none
  /// IMDB's line breaks: every match of Python's `\s*<br\s*/?>\s*` becomes one newline, so that two marks in a row give
  /// two; then both ends are trimmed as by `str.strip()`. White space is Unicode's as Python has it.
  case br

  /// The cleaned text, in time linear in its length.
  package func clean(_ text: String) -> String {
    switch self {
    case .none: return text
    case .br:
      var text = text
      return text.withUTF8 { Self.replacingBreaks($0) }
    }
  }

  private static func replacingBreaks(_ text: UnsafeBufferPointer<UInt8>) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var position = spaceEnd(in: text, from: 0)
    while let mark = text[position...].firstIndex(of: UInt8(ascii: "<")) {
      guard let end = endOfBreak(in: text, at: mark) else {
        output += text[position...mark]
        position = mark + 1
        continue
      }
      // Space before the mark is dropped, back to the last mark at most.
      output += text[position..<mark]
      removeTrailingSpace(&output, keeping: output.count - (mark - position))
      output.append(UInt8(ascii: "\n"))
      position = spaceEnd(in: text, from: end)
    }
    output += text[position...]
    removeTrailingSpace(&output, keeping: 0)
    return output.withUnsafeBufferPointer { output in
      String(decoding: output[spaceEnd(in: output, from: 0)...], as: UTF8.self)
    }
  }

  /// Where `<br\s*/?>` ends when it starts at `start`.
  private static func endOfBreak(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    guard text[start...].starts(with: [UInt8(ascii: "<"), UInt8(ascii: "b"), UInt8(ascii: "r")]) else { return nil }
    var position = spaceEnd(in: text, from: start + 3)
    if position < text.count, text[position] == UInt8(ascii: "/") { position += 1 }
    return position < text.count && text[position] == UInt8(ascii: ">") ? position + 1 : nil
  }

  private static func spaceEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var position = start
    while position < text.count {
      let length = spaceLength(in: text, at: position)
      if length == 0 { break }
      position += length
    }
    return position
  }

  private static func removeTrailingSpace(_ text: inout [UInt8], keeping kept: Int) {
    let spaces = text.withUnsafeBufferPointer { bytes in
      var end = bytes.count
      while let length = (1...3).first(where: { end - $0 >= kept && spaceLength(in: bytes, at: end - $0) == $0 }) {
        end -= length
      }
      return bytes.count - end
    }
    text.removeLast(spaces)
  }

  /// The number of bytes of the white space at `position`; 0 if there is none. White space is that of Python's
  /// `str.isspace()`: Unicode's, and U+001C to U+001F.
  private static func spaceLength(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
    func next(_ distance: Int) -> UInt8 { position + distance < text.count ? text[position + distance] : 0 }
    switch text[position] {
    case 0x09...0x0D, 0x1C...0x20: return 1
    case 0xC2: return next(1) == 0x85 || next(1) == 0xA0 ? 2 : 0  // U+0085, U+00A0
    case 0xE1: return next(1) == 0x9A && next(2) == 0x80 ? 3 : 0  // U+1680
    case 0xE2:
      switch (next(1), next(2)) {  // U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F
      case (0x80, 0x80...0x8A), (0x80, 0xA8), (0x80, 0xA9), (0x80, 0xAF), (0x81, 0x9F): return 3
      default: return 0
      }
    case 0xE3: return next(1) == 0x80 && next(2) == 0x80 ? 3 : 0  // U+3000
    default: return 0
    }
  }
}
