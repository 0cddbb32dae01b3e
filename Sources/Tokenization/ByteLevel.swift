/// GPT-2's byte alphabet (Radford et al. 2019): each byte is one printable character, so that a vocabulary file can
/// hold any byte string as text. The 188 printable bytes of Latin-1 stand for themselves, the others for U+0100 on.
enum ByteLevel {
  /// The scalar of each byte.
  static let scalars: [UInt32] = {
    var scalars = [UInt32](repeating: 0, count: 256)
    var next: UInt32 = 0x100
    for byte in 0..<256 {
      let isPrintable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
      scalars[byte] = isPrintable ? UInt32(byte) : next
      if !isPrintable { next += 1 }
    }
    return scalars
  }()

  /// The byte of each scalar of the alphabet.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt8(byte) }
    return bytes
  }()

  /// The bytes of a vocabulary's token; scalars outside the alphabet are their own UTF-8.
  static func decode(_ token: ArraySlice<UInt8>) -> [UInt8] {
    var decoded: [UInt8] = []
    for scalar in String(decoding: token, as: UTF8.self).unicodeScalars {
      if let byte = Int(scalar.value) < bytes.count ? bytes[Int(scalar.value)] : nil {
        decoded.append(byte)
      } else {
        decoded.append(scalar: scalar.value)
      }
    }
    return decoded
  }
}

/// GPT-2's pre-tokenizer, which is the pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, as a scanner without backtracking.
struct ByteLevelScanner {
  private static let wordFlags: UnicodeTable.Flags = [.whitespace, .letter, .number]
  let text: UnsafeBufferPointer<UInt8>
  let flags: UnsafeBufferPointer<UInt8>

  /// The end of the word that starts at `start`.
  @inline(__always)
  func wordEnd(_ start: Int) -> Int {
    var (kind, end) = character(start)
    if text[start] == UInt8(ascii: "'"), let length = contractionLength(start) { return start + length }
    if kind.contains(.whitespace) {
      guard end < text.count else { return end }
      let (nextKind, nextEnd) = character(end)
      if !nextKind.contains(.whitespace) {
        guard text[start] == UInt8(ascii: " ") else { return end }
        (kind, end) = (nextKind, nextEnd)
      } else {
        return whitespaceEnd(end)
      }
    }
    while end < text.count {
      let (nextKind, nextEnd) = character(end)
      guard nextKind == kind else { return end }
      end = nextEnd
    }
    return end
  }

  /// The end of a run of white space without its last character, which begins the next word or stands alone; the whole
  /// run where the text ends. `position` is inside the run.
  private func whitespaceEnd(_ position: Int) -> Int {
    var last = position
    var end = position
    while end < text.count {
      let (kind, next) = character(end)
      guard kind.contains(.whitespace) else { return last }
      last = end
      end = next
    }
    return end
  }

  private func contractionLength(_ start: Int) -> Int? {
    guard start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? 3 : nil
    case UInt8(ascii: "l"): return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? 3 : nil
    default: return nil
    }
  }

  /// White space, letter, number or none of them, and the end of the character.
  @inline(__always)
  private func character(_ position: Int) -> (kind: UnicodeTable.Flags, end: Int) {
    let (scalar, length) = decodeScalar(text, position)
    return (UnicodeTable.Flags(rawValue: flags[Int(scalar)]).intersection(Self.wordFlags), position + length)
  }
}
