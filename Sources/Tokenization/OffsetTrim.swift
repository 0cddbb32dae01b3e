/// What the ByteLevel post-processor of a tokenizer.json does when asked: offsets leave out the spaces around a token.
struct OffsetTrim: Sendable {
  /// The space that the pre-tokenizer put before the text is none of the text's.
  let addsPrefixSpace: Bool

  /// The package counts in characters here, so the added space, which covers the first character, takes that with it.
  func trim(_ range: Range<Int>, of token: String, in text: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    let scalars = token.unicodeScalars
    var leading = scalars.prefix { $0 == "Ġ" }.count
    var trailing = scalars.reversed().prefix { $0 == "Ġ" }.count
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
