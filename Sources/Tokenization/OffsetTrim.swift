/// `trim_offsets` of tokenizer.json's ByteLevel and RobertaProcessing, and of RobertaTokenizer: offsets without the spaces around a token.
struct OffsetTrim: Sendable {
  /// Whether the pre-tokenizer puts a space before the text.
  let addsPrefixSpace: Bool

  /// The package counts characters here, so trimming the added space, which covers the first character, trims that too.
  func trim(_ range: Range<Int>, of token: String, in text: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    let scalars = token.unicodeScalars
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == "Ġ" || scalar.properties.isWhitespace }
    var leading = scalars.prefix(while: isSpace).count
    var trailing = scalars.reversed().prefix(while: isSpace).count
    if addsPrefixSpace, range.lowerBound == 0 { leading = max(0, leading - 1) }
    var (start, end) = (range.lowerBound, range.upperBound)
    while leading > 0, start < end {
      start += decodeScalar(text, start).length
      leading -= 1
    }
    while trailing > 0, end > start {
      end -= decodeScalarBackward(text, before: end).length
      trailing -= 1
    }
    return start..<end
  }
}
