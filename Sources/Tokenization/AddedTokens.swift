/// A token matched in the text by its spelling, before tokenization: special tokens and those added after training.
struct AddedToken: Equatable, Sendable {
  let content: String
  var id: Int32
  var isSpecial = true
  /// Matched only where no word character touches it.
  var isSingleWord = false
  /// Includes the white space before it.
  var stripsLeft = false
  /// Includes the white space after it.
  var stripsRight = false
  /// Matched in the normalised text, not in the original.
  var isNormalized = false
}

/// Splits a text at its added tokens, leftmost and longest first, as the `tokenizers` package does.
struct AddedTokenMatcher: Sendable {
  enum Piece: Equatable {
    case text(Range<Int>)
    case token(id: Int32, Range<Int>)
  }

  private struct Pattern: Sendable {
    let bytes: [UInt8]
    let token: AddedToken
  }
  private let patterns: [Pattern]
  /// Whether a special token's spelling is ordinary text.
  private let skipsSpecial: Bool
  /// The patterns that start with each byte, the longest first.
  private let byFirstByte: [[Int]]

  /// - Parameters:
  ///   - tokens: what to match, with the spelling to match.
  ///   - skipsSpecial: whether a special token's spelling is ordinary text.
  init(_ tokens: [(bytes: [UInt8], token: AddedToken)], skipsSpecial: Bool) {
    self.skipsSpecial = skipsSpecial
    let patterns = tokens.filter { !$0.bytes.isEmpty }.map { Pattern(bytes: $0.bytes, token: $0.token) }
    var byFirstByte = [[Int]](repeating: [], count: 256)
    let longestFirst = patterns.indices.sorted { (patterns[$1].bytes.count, $0) < (patterns[$0].bytes.count, $1) }
    for index in longestFirst { byFirstByte[Int(patterns[index].bytes[0])].append(index) }
    self.patterns = patterns
    self.byFirstByte = byFirstByte
  }

  /// Calls `body` with the pieces of a part of well-formed UTF-8, in order.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ part: Range<Int>, _ body: (Piece) throws -> Void
  ) rethrows {
    guard !patterns.isEmpty else { return try body(.text(part)) }
    var done = part.lowerBound
    var position = part.lowerBound
    while position < part.upperBound {
      guard let token = match(text, position..<part.upperBound) else {
        position += 1
        continue
      }
      let end = position + token.bytes.count
      if let range = accept(token, text, part, position..<end, done: done) {
        if done < range.lowerBound { try body(.text(done..<range.lowerBound)) }
        try body(.token(id: token.token.id, range))
        done = range.upperBound
      }
      position = end
    }
    if done < part.upperBound { try body(.text(done..<part.upperBound)) }
  }

  @inline(__always)
  private func match(_ text: UnsafeBufferPointer<UInt8>, _ rest: Range<Int>) -> Pattern? {
    let candidates = byFirstByte[Int(text[rest.lowerBound])]
    guard !candidates.isEmpty else { return nil }
    for index in candidates where text[rest].starts(with: patterns[index].bytes) { return patterns[index] }
    return nil
  }

  /// The range of a match with the white space it includes; nil when it is inside a word and must not be.
  private func accept(
    _ pattern: Pattern, _ text: UnsafeBufferPointer<UInt8>, _ part: Range<Int>, _ match: Range<Int>, done: Int
  ) -> Range<Int>? {
    if skipsSpecial, pattern.token.isSpecial { return nil }
    var (start, end) = (match.lowerBound, match.upperBound)
    if pattern.token.isSingleWord {
      let touchesLeft = start > part.lowerBound && isWord(decodeScalarBackward(text, before: start).scalar)
      let touchesRight = end < part.upperBound && isWord(decodeScalar(text, end).scalar)
      guard !touchesLeft, !touchesRight else { return nil }
    }
    if pattern.token.stripsLeft {
      while start > max(part.lowerBound, done) {
        let (scalar, length) = decodeScalarBackward(text, before: start)
        guard isWhitespace(scalar) else { break }
        start -= length
      }
    }
    if pattern.token.stripsRight {
      while end < part.upperBound {
        let (scalar, length) = decodeScalar(text, end)
        guard isWhitespace(scalar) else { break }
        end += length
      }
    }
    return start..<end
  }

  private func isWhitespace(_ scalar: UInt32) -> Bool {
    UnicodeTable.Flags(rawValue: UnicodeTable.shared.flags[Int(scalar)]).contains(.whitespace)
  }

  /// `\w` of Rust's regex crate (Unicode Technical Standard 18, annex C).
  private func isWord(_ scalar: UInt32) -> Bool {
    guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return properties.isAlphabetic || properties.isJoinControl
    }
  }
}
