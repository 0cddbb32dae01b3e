/// Properties of code points as the `tokenizers` package sees them (evaluation/unicode_tables.py reads them off it).
///
/// One flag byte per code point, so that a property is one load; mappings are searched only for flagged code points.
struct UnicodeTable: Sendable {
  struct Flags: OptionSet, Sendable {
    let rawValue: UInt8
    static let removed = Flags(rawValue: 1)
    static let whitespace = Flags(rawValue: 2)
    static let punctuation = Flags(rawValue: 4)
    static let ideograph = Flags(rawValue: 8)
    static let letter = Flags(rawValue: 16)
    static let number = Flags(rawValue: 32)
    /// Has a lower case.
    static let upper = Flags(rawValue: 64)
    /// Decomposes, or is a mark: canonical decomposition has work to do.
    static let composed = Flags(rawValue: 128)
  }

  static let shared = UnicodeTable()

  /// One byte of `Flags` per code point.
  let flags: [UInt8]
  private let marks: [ClosedRange<UInt32>]
  private let classes: [(range: ClosedRange<UInt32>, value: UInt8)]
  private let lowercase: [(range: ClosedRange<UInt32>, step: UInt32, scalars: [UInt32], delta: Int32)]
  private let decompositions: [(scalar: UInt32, range: Range<Int>)]
  private let decomposed: [UInt32]
  private static let hangul: ClosedRange<UInt32> = 0xAC00...0xD7A3

  private init() {
    var flags = [UInt8](repeating: 0, count: 0x110000)
    func set(_ flag: Flags, _ ranges: [ClosedRange<UInt32>]) {
      for range in ranges { for point in range { flags[Int(point)] |= flag.rawValue } }
    }
    set(.removed, Self.ranges(UnicodeRanges.removed))
    set(.whitespace, Self.ranges(UnicodeRanges.whitespace))
    set(.punctuation, Self.ranges(UnicodeRanges.punctuation))
    set(.ideograph, Self.ranges(UnicodeRanges.ideographs))
    set(.letter, Self.ranges(UnicodeRanges.letters))
    set(.number, Self.ranges(UnicodeRanges.numbers))
    marks = Self.ranges(UnicodeRanges.marks)
    set(.composed, marks)

    classes = Self.entries(UnicodeMappings.combiningClasses).map { entry in
      var entry = entry
      let range = entry.range()
      entry.skip()
      return (range, UInt8(truncatingIfNeeded: entry.number()))
    }
    set(.composed, classes.map(\.range))

    lowercase = Self.entries(UnicodeMappings.lowercase).map { entry in
      var entry = entry
      let range = entry.range()
      let step: UInt32 = entry.next == UInt8(ascii: "/") ? entry.skippedNumber() : 1
      if entry.next == UInt8(ascii: "=") { return (range, step, entry.list(), 0) }
      let sign: Int32 = entry.next == UInt8(ascii: "~") ? -1 : 1
      return (range, step, [], sign * Int32(entry.skippedNumber()))
    }
    for (range, step, _, _) in lowercase {
      for point in stride(from: range.lowerBound, through: range.upperBound, by: Int(step)) {
        flags[Int(point)] |= Flags.upper.rawValue
      }
    }

    var decomposed: [UInt32] = []
    decompositions = Self.entries(UnicodeMappings.decompositions).map { entry in
      var entry = entry
      let scalar = entry.number()
      let start = decomposed.count
      decomposed += entry.list()
      return (scalar, start..<decomposed.count)
    }
    self.decomposed = decomposed
    set(.composed, decompositions.map { $0.scalar...$0.scalar } + [Self.hangul])
    self.flags = flags
  }

  /// Whether accent stripping drops the scalar.
  func isMark(_ scalar: UInt32) -> Bool {
    let index = partition(marks.count) { marks[$0].upperBound < scalar }
    return index < marks.count && marks[index].contains(scalar)
  }

  /// The canonical combining class; 0 for a starter.
  func combiningClass(_ scalar: UInt32) -> UInt8 {
    let index = partition(classes.count) { classes[$0].range.upperBound < scalar }
    return index < classes.count && classes[index].range.contains(scalar) ? classes[index].value : 0
  }

  /// Calls `body` with each scalar of the lower case.
  @inline(__always)
  func forEachLowercase(_ scalar: UInt32, _ body: (UInt32) -> Void) {
    // Entries of step 2 may interleave with single ones, so search a few back from the last that starts at or before.
    var index = partition(lowercase.count) { lowercase[$0].range.lowerBound <= scalar }
    while index > 0 {
      index -= 1
      let entry = lowercase[index]
      guard entry.range.contains(scalar), (scalar - entry.range.lowerBound) % entry.step == 0 else { continue }
      if entry.scalars.isEmpty {
        body(UInt32(Int32(scalar) + entry.delta))
      } else {
        for scalar in entry.scalars { body(scalar) }
      }
      return
    }
    body(scalar)
  }

  /// Calls `body` with each scalar of the full canonical decomposition.
  @inline(__always)
  func forEachDecomposed(_ scalar: UInt32, _ body: (UInt32) -> Void) {
    if Self.hangul.contains(scalar) {
      // The Unicode Standard, 3.12: L, V and, unless it is the empty one, T.
      let index = scalar - Self.hangul.lowerBound
      body(0x1100 + index / 588)
      body(0x1161 + index % 588 / 28)
      if index % 28 > 0 { body(0x11A7 + index % 28) }
      return
    }
    let index = partition(decompositions.count) { decompositions[$0].scalar < scalar }
    guard index < decompositions.count, decompositions[index].scalar == scalar else { return body(scalar) }
    for position in decompositions[index].range { body(decomposed[position]) }
  }

  /// The first index for which `isBefore` is false.
  @inline(__always)
  private func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension UnicodeTable {
  /// One entry of a table's text.
  private struct Entry {
    var bytes: Substring.UTF8View
    var next: UInt8? { bytes.first }
    mutating func skip() { bytes = bytes.dropFirst() }

    mutating func number() -> UInt32 {
      var value: UInt32 = 0
      while let byte = bytes.first {
        switch byte {
        case 48...57: value = value << 4 | UInt32(byte - 48)
        case 65...70: value = value << 4 | UInt32(byte - 55)
        default: return value
        }
        skip()
      }
      return value
    }

    mutating func skippedNumber() -> UInt32 {
      skip()
      return number()
    }

    mutating func range() -> ClosedRange<UInt32> {
      let first = number()
      return next == UInt8(ascii: "-") ? first...skippedNumber() : first...first
    }

    mutating func list() -> [UInt32] {
      var values: [UInt32] = []
      while next != nil { values.append(skippedNumber()) }
      return values
    }
  }

  private static func entries(_ text: String) -> [Entry] {
    text.utf8.split(separator: UInt8(ascii: " ")).map { Entry(bytes: $0) }
  }

  private static func ranges(_ text: String) -> [ClosedRange<UInt32>] {
    entries(text).map { entry in
      var entry = entry
      return entry.range()
    }
  }
}
