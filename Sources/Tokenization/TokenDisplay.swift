/// Tokens as tables show them.
enum TokenDisplay {
  /// UTF-8, perhaps cut inside a character, on one line: a space is `␣`, what has no glyph is escaped.
  static func text(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { raw in
      UTF8Text.with(raw) { text, source in
        var shown = ""
        var position = 0
        while position < text.count {
          let (scalar, length) = decodeScalar(text, position)
          var ranges = [position..<position + length]
          source.mapToSource(&ranges)
          append(
            scalar, isReplaced: ranges[0].count != length || raw[ranges[0].lowerBound] != text[position],
            original: raw[ranges[0]], to: &shown)
          position += length
        }
        return shown
      }
    }
  }

  private static func append(
    _ scalar: UInt32, isReplaced: Bool, original: Slice<UnsafeRawBufferPointer>, to shown: inout String
  ) {
    if isReplaced {
      for byte in original { shown += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
      return
    }
    guard let scalar = Unicode.Scalar(scalar) else { return }
    switch scalar {
    case " ", "\u{2581}": shown.unicodeScalars.append("␣")
    case "\n": shown += "\\n"
    case "\r": shown += "\\r"
    case "\t": shown += "\\t"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        shown += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      default: shown.unicodeScalars.append(scalar)
      }
    }
  }
}
