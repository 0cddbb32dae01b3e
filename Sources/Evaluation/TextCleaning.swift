/// What is done to a review's text before it is tokenized.
public enum TextCleaning: String, CaseIterable, Sendable {
  /// Nothing.
  case none
  /// IMDB's line breaks: every match of Python's `\s*<br\s*/?>\s*` becomes one newline, so that two marks in a row give
  /// two; then both ends are trimmed as by `str.strip()`. White space is Unicode's as Python has it.
  case br

  /// The cleaned text, in time linear in its length.
  public func clean(_ text: String) -> String {
    switch self {
    case .none: return text
    case .br: return Self.replacingBreaks(Array(text.unicodeScalars))
    }
  }

  private static func replacingBreaks(_ text: [Unicode.Scalar]) -> String {
    var output: [Unicode.Scalar] = []
    output.reserveCapacity(text.count)
    var start = 0  // Where in the output the text after the last mark begins: a match takes no space before it.
    var position = 0
    while position < text.count {
      guard let end = endOfBreak(in: text, at: position) else {
        output.append(text[position])
        position += 1
        continue
      }
      while output.count > start, let last = output.last, isSpace(last) { output.removeLast() }
      output.append("\n")
      start = output.count
      position = skippingSpace(in: text, from: end)
    }
    while let last = output.last, isSpace(last) { output.removeLast() }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: output.drop(while: isSpace))
    return String(result)
  }

  /// Where `<br\s*/?>` ends when it starts at `start`.
  private static func endOfBreak(in text: [Unicode.Scalar], at start: Int) -> Int? {
    guard text[start] == "<", text[start...].starts(with: ["<", "b", "r"]) else { return nil }
    var position = skippingSpace(in: text, from: start + 3)
    if position < text.count, text[position] == "/" { position += 1 }
    return position < text.count && text[position] == ">" ? position + 1 : nil
  }

  private static func skippingSpace(in text: [Unicode.Scalar], from start: Int) -> Int {
    var position = start
    while position < text.count, isSpace(text[position]) { position += 1 }
    return position
  }

  /// The characters for which Python's `str.isspace()` holds: Unicode's white space and U+001C to U+001F.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }
}
