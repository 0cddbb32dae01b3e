/// BERT's text normalisation (Devlin et al. 2019), step by step as in the `tokenizers` package: clean, put spaces
/// around ideographs, decompose and drop accents, lower-case.
struct BertNormalizer: Sendable {
  let cleansText: Bool
  let spacesIdeographs: Bool
  let stripsAccents: Bool
  let lowercases: Bool
  /// What an ASCII byte becomes; 0xFF when it is dropped.
  private let ascii: [UInt8]

  init(cleansText: Bool, spacesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool) {
    self.cleansText = cleansText
    self.spacesIdeographs = spacesIdeographs
    self.stripsAccents = stripsAccents
    self.lowercases = lowercases
    let table = UnicodeTable.shared
    ascii = (0..<128).map { byte in
      let flags = UnicodeTable.Flags(rawValue: table.flags[byte])
      if cleansText, flags.contains(.removed) { return 0xFF }
      if cleansText, flags.contains(.whitespace) { return UInt8(ascii: " ") }
      return lowercases && (65...90).contains(byte) ? UInt8(byte) + 32 : UInt8(byte)
    }
  }

  /// - Parameters:
  ///   - text: well-formed UTF-8.
  ///   - keepsAlignment: whether `sourceRange` will be called on the result.
  ///   - base: the position of `text` in the text that source ranges count from.
  func normalize(_ text: UnsafeBufferPointer<UInt8>, keepsAlignment: Bool, base: Int = 0) -> NormalizedText {
    let output = NormalizedText(capacity: text.count, keepsAlignment: keepsAlignment, base: base)
    var run = Run(normalizer: self, output: output)
    let table = UnicodeTable.shared
    table.flags.withUnsafeBufferPointer { flags in
      ascii.withUnsafeBufferPointer { ascii in
        var position = 0
        while position < text.count {
          let byte = text[position]
          if byte < 0x80 {
            let mapped = ascii[Int(byte)]
            if mapped != 0xFF {
              run.append(byte: mapped, position)
            }
            position += 1
            continue
          }
          let (scalar, length) = decodeScalar(text, position)
          let source = position..<position + length
          position += length
          let properties = UnicodeTable.Flags(rawValue: flags[Int(scalar)])
          if cleansText, properties.contains(.removed) { continue }
          if cleansText, properties.contains(.whitespace) {
            run.append(UInt32(UInt8(ascii: " ")), [], source)
          } else if spacesIdeographs, properties.contains(.ideograph) {
            run.append(UInt32(UInt8(ascii: " ")), [], source)
            run.append(scalar, properties, source)
            run.append(UInt32(UInt8(ascii: " ")), [], source)
          } else {
            run.append(scalar, properties, source)
          }
        }
      }
    }
    run.flush()
    return run.output
  }
}

/// A normalised text and, for each of its bytes, the bytes of the source character it came from.
struct NormalizedText {
  private(set) var bytes: [UInt8] = []
  private let keepsAlignment: Bool
  /// Empty while every byte has the position that it had in the source.
  private var starts: [UInt32] = []
  private var ends: [UInt32] = []
  private var isAligned = true

  init(capacity: Int, keepsAlignment: Bool, base: Int) {
    self.base = base
    bytes.reserveCapacity(capacity + capacity / 16)
    self.keepsAlignment = keepsAlignment
  }

  /// The position of the source in a longer text.
  private let base: Int

  /// The source bytes of a non-empty range of characters of the text.
  @inline(__always)
  func sourceRange(_ range: Range<Int>) -> Range<Int> {
    guard !isAligned else { return range.shifted(by: base) }
    let start = Int(starts[range.lowerBound])
    return base + start..<base + max(start, Int(ends[range.upperBound - 1]))
  }

  /// Appends an ASCII character from the byte at `source`.
  @inline(__always)
  mutating func append(byte: UInt8, _ source: Int) {
    if keepsAlignment, !isAligned || source != bytes.count { align(source..<source + 1, 1) }
    bytes.append(byte)
  }

  @inline(__always)
  mutating func append(scalar: UInt32, _ source: Range<Int>) {
    let before = bytes.count
    bytes.append(scalar: scalar)
    let length = bytes.count - before
    guard keepsAlignment, !isAligned || source != before..<bytes.count else { return }
    align(source, length, before: before)
  }

  private mutating func align(_ source: Range<Int>, _ length: Int, before: Int? = nil) {
    if isAligned {
      isAligned = false
      starts.reserveCapacity(bytes.capacity)
      ends.reserveCapacity(bytes.capacity)
      var position = 0
      let count = before ?? bytes.count
      bytes.withUnsafeBufferPointer { bytes in
        while position < count {
          let (_, length) = decodeScalar(bytes, position)
          for _ in 0..<length {
            starts.append(UInt32(position))
            ends.append(UInt32(position + length))
          }
          position += length
        }
      }
    }
    for _ in 0..<length {
      starts.append(UInt32(source.lowerBound))
      ends.append(UInt32(source.upperBound))
    }
  }
}

/// Decomposes, puts marks into canonical order, drops accents and lower-cases, one starter with its marks at a time.
private struct Run {
  private struct Mark {
    let scalar: UInt32
    let combiningClass: UInt8
    /// The first scalar of a source character, followed by the others of its decomposition.
    let opensCharacter: Bool
  }

  let normalizer: BertNormalizer
  let table = UnicodeTable.shared
  var output: NormalizedText
  private var marks: [Mark] = []
  /// Source ranges of the marks that begin a character, in the order of the source.
  private var sources: [Range<Int>] = []
  private var starterSource = 0..<0

  init(normalizer: BertNormalizer, output: NormalizedText) {
    self.normalizer = normalizer
    self.output = output
  }

  var isPending: Bool { !marks.isEmpty }

  @inline(__always)
  mutating func append(byte: UInt8, _ source: Int) {
    if isPending { flush() }
    starterSource = source..<source + 1
    output.append(byte: byte, source)
  }

  @inline(__always)
  mutating func append(_ scalar: UInt32, _ properties: UnicodeTable.Flags, _ source: Range<Int>) {
    if normalizer.stripsAccents, properties.contains(.composed) {
      decompose(scalar, source)
    } else {
      if isPending { flush() }
      starterSource = source
      if normalizer.lowercases, properties.contains(.upper) {
        write(scalar, source)
      } else {
        output.append(scalar: scalar, source)
      }
    }
  }

  private mutating func decompose(_ scalar: UInt32, _ source: Range<Int>) {
    var isFirst = true
    table.forEachDecomposed(scalar) { scalar in
      let combiningClass = table.combiningClass(scalar)
      if combiningClass > 0 {
        marks.append(Mark(scalar: scalar, combiningClass: combiningClass, opensCharacter: isFirst))
        if isFirst { sources.append(source) }
      } else {
        flush()
        starterSource = source
        if !table.isMark(scalar) { write(scalar, source) }
      }
      isFirst = false
    }
  }

  /// Writes the marks. The package assigns source characters in the order of the reordered marks, not along with them,
  /// so a moved mark gets its neighbour's range; so does this.
  mutating func flush() {
    guard isPending else { return }
    var source = starterSource
    var next = 0
    let ordered = marks.enumerated().sorted {
      ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
    }
    for (_, mark) in ordered {
      if mark.opensCharacter {
        source = sources[next]
        next += 1
      }
      if !table.isMark(mark.scalar) { write(mark.scalar, source) }
    }
    marks.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
  }

  private mutating func write(_ scalar: UInt32, _ source: Range<Int>) {
    guard normalizer.lowercases else { return output.append(scalar: scalar, source) }
    table.forEachLowercase(scalar) { output.append(scalar: $0, source) }
  }
}
