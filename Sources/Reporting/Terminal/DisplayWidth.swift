/// Columns that text takes on a terminal, in the manner of `wcwidth`: combining marks 0, East Asian wide characters and
/// emoji 2, everything else 1.
enum DisplayWidth {
  static func of(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
    return text.reduce(0) { $0 + of($1) }
  }

  /// One grapheme cluster. Clusters that make one picture out of several emoji (joined by ZWJ, flags, skin tones, or
  /// asked for by variation selector 16) take 2 columns; in others the scalars' widths add up, as terminals do for
  /// Indic conjuncts and Hangul.
  static func of(_ character: Character) -> Int {
    let scalars = character.unicodeScalars
    if let first = scalars.first, scalars.count > 1 {
      if first.properties.isEmojiPresentation { return 2 }
      if first.properties.isEmoji, scalars.contains("\u{FE0F}") { return 2 }
    }
    return scalars.reduce(0) { $0 + of($1) }
  }

  private static func of(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return 1 }
    // The vowels and final consonants of Hangul join the syllable that the leading consonant opened.
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    return wide.contains { $0.contains(value) } ? 2 : 1
  }

  /// East_Asian_Width W and F of Unicode 16, without the emoji.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0x3247,
    0x3250...0xA4CF,
    0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x16FF1, 0x17000...0x18CFF, 0x18D00...0x18D08, 0x1AFF0...0x1B2FB, 0x1D300...0x1D376,
    0x1F200...0x1F265, 0x20000...0x3FFFD,
  ]
}

extension String {
  /// This text with nothing in it that moves the cursor or reorders what stands beside it: control characters become
  /// their pictures (U+2400 block), other controls, line separators and bidirectional overrides U+FFFD.
  package var printable: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      case 0x7F: result.append("\u{2421}")
      case 0x80..<0xA0, 0x2028...0x202E, 0x2066...0x2069: result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// At most `columns` wide; `mark` (one column) ends a text that was cut.
  func cut(toColumns columns: Int, mark: String) -> String {
    guard DisplayWidth.of(self) > columns else { return self }
    var result = ""
    var used = 0
    for character in self {
      let width = DisplayWidth.of(character)
      guard used + width < columns else { break }
      result.append(character)
      used += width
    }
    return columns > 0 ? result + mark : ""
  }

  /// Filled up with spaces to `columns`.
  func padded(toColumns columns: Int, _ alignment: Table.Alignment = .leading) -> String {
    let space = String(repeating: " ", count: max(0, columns - DisplayWidth.of(self)))
    return alignment == .leading ? self + space : space + self
  }

  /// Lines of at most `columns`, broken at spaces; a longer word has a line of its own. At least one line.
  func wrapped(toColumns columns: Int) -> [String] {
    var lines: [String] = []
    for word in split(separator: " ") {
      if let last = lines.last, DisplayWidth.of(last) + 1 + DisplayWidth.of(String(word)) <= columns {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.isEmpty ? [""] : lines
  }
}
