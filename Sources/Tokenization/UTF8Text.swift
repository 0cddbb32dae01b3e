/// Well-formed UTF-8 with a mapping back to the bytes of the input.
///
/// In bad input each maximal invalid subsequence (The Unicode Standard, 3.9, table 3-7) becomes one U+FFFD.
struct UTF8Text {
  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
  /// Empty when the input was well-formed and is used in place.
  private var repaired: [UInt8] = []
  /// One entry per replacement: where it starts in `repaired`, and the bytes it replaces.
  private var replacements: [(start: Int, source: Range<Int>)] = []

  /// Calls `body` with the well-formed text.
  static func with<Result>(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<UInt8>, UTF8Text) throws -> Result
  ) rethrows -> Result {
    let source = bytes.bindMemory(to: UInt8.self)
    var text = UTF8Text()
    let goodCount = wellFormedPrefix(source)
    if goodCount == source.count { return try body(source, text) }
    text.repair(source, goodCount: goodCount)
    return try text.repaired.withUnsafeBufferPointer { try body($0, text) }
  }

  /// Replaces ranges of the well-formed text, given in ascending order of their starts, by ranges of the input.
  func mapToSource(_ ranges: inout [Range<Int>]) {
    guard !replacements.isEmpty else { return }
    for index in ranges.indices {
      let range = ranges[index]
      if range.isEmpty {
        let place = source(of: range.lowerBound).lowerBound
        ranges[index] = place..<place
      } else {
        ranges[index] = source(of: range.lowerBound).lowerBound..<source(of: range.upperBound - 1).upperBound
      }
    }
  }

  /// The input bytes that the byte at `position` stands for.
  private func source(of position: Int) -> Range<Int> {
    var low = 0
    var high = replacements.count
    while low < high {
      let middle = (low + high) / 2
      if replacements[middle].start <= position { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return position..<position + 1 }
    let (start, bytes) = replacements[low - 1]
    let distance = position - start
    if distance < Self.replacement.count { return bytes }
    let place = bytes.upperBound + distance - Self.replacement.count
    return place..<place + 1
  }

  private mutating func repair(_ source: UnsafeBufferPointer<UInt8>, goodCount: Int) {
    repaired.reserveCapacity(source.count + source.count / 8)
    var position = 0
    var good = goodCount
    while true {
      repaired.append(contentsOf: source[position..<position + good])
      position += good
      guard position < source.count else { return }
      let bad = invalidLength(source, position)
      replacements.append((repaired.count, position..<position + bad))
      repaired.append(contentsOf: Self.replacement)
      position += bad
      good = Self.wellFormedPrefix(UnsafeBufferPointer(rebasing: source[position...]))
    }
  }

  /// How many bytes from the start are well-formed.
  private static func wellFormedPrefix(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var position = 0
    while position < bytes.count {
      if position + 8 <= bytes.count {
        let word = UnsafeRawPointer(bytes.baseAddress! + position).loadUnaligned(as: UInt64.self)
        if word & 0x8080_8080_8080_8080 == 0 {
          position += 8
          continue
        }
      }
      if bytes[position] < 0x80 {
        position += 1
        continue
      }
      let (length, isWhole) = sequence(bytes, position)
      guard isWhole else { return position }
      position += length
    }
    return position
  }

  private func invalidLength(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
    Self.sequence(bytes, position).length
  }

  /// The length of the well-formed sequence, or of the maximal start of one (at least 1), at `position`.
  private static func sequence(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> (length: Int, isWhole: Bool) {
    let first = bytes[position]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0...0x7F: return (1, true)
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if first == 0xE0 { second = 0xA0...0xBF }
      if first == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if first == 0xF0 { second = 0x90...0xBF }
      if first == 0xF4 { second = 0x80...0x8F }
    default: return (1, false)
    }
    for index in 1..<length {
      let allowed = index == 1 ? second : 0x80...0xBF
      guard position + index < bytes.count, allowed.contains(bytes[position + index]) else { return (index, false) }
    }
    return (length, true)
  }
}

/// The scalar at `position` of well-formed UTF-8, and its number of bytes.
@inline(__always)
func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> (scalar: UInt32, length: Int) {
  let first = UInt32(bytes[position])
  if first < 0x80 { return (first, 1) }
  let second = UInt32(bytes[position + 1] & 0x3F)
  if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
  let third = UInt32(bytes[position + 2] & 0x3F)
  if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
  return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[position + 3] & 0x3F), 4)
}

/// The scalar that ends just before `position`, and its number of bytes.
func decodeScalarBackward(_ bytes: UnsafeBufferPointer<UInt8>, before position: Int) -> (scalar: UInt32, length: Int) {
  var start = position - 1
  while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
  return decodeScalar(bytes, start)
}

/// The bytes of the characters that the bytes of `range` belong to.
@inline(__always)
func characterRange(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
  var start = range.lowerBound
  var end = range.upperBound
  while start > 0, start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 }
  while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
  return start..<end
}

extension Array where Element == UInt8 {
  /// Appends a scalar's UTF-8.
  @inline(__always)
  mutating func append(scalar: UInt32) {
    if scalar < 0x80 {
      append(UInt8(scalar))
    } else if scalar < 0x800 {
      append(UInt8(0xC0 | scalar >> 6))
      append(UInt8(0x80 | scalar & 0x3F))
    } else if scalar < 0x10000 {
      append(UInt8(0xE0 | scalar >> 12))
      append(UInt8(0x80 | scalar >> 6 & 0x3F))
      append(UInt8(0x80 | scalar & 0x3F))
    } else {
      append(UInt8(0xF0 | scalar >> 18))
      append(UInt8(0x80 | scalar >> 12 & 0x3F))
      append(UInt8(0x80 | scalar >> 6 & 0x3F))
      append(UInt8(0x80 | scalar & 0x3F))
    }
  }
}
