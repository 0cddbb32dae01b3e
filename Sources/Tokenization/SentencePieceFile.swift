/// The contents of a SentencePiece `.model` (a protobuf message, `ModelProto`), checked before the library loads it:
/// the library trusts its model, so what would make it read outside its tables or abort is refused here.
struct SentencePieceFile {
  /// `ModelProto.SentencePiece.Type`.
  private enum PieceType: UInt64 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  /// The library's own bound on a piece.
  private static let longestPiece = 8000
  /// How many user-defined symbols may be prefixes of one another: the library has a fixed array for the matches.
  private static let deepestSymbols = 64

  let vocabulary: Vocabulary
  let unknown: Int32

  /// - Throws: `TokenizationError`, naming the file and the piece.
  init(path: String, bytes: UnsafeBufferPointer<UInt8>) throws {
    var tokens: [[UInt8]?] = []
    var unknowns: [Int32] = []
    var symbols: [[UInt8]] = []
    var reader = ProtobufReader(bytes: bytes, path: path, location: "ModelProto")
    guard !bytes.isEmpty else { throw reader.malformed("a SentencePiece model", "an empty file") }
    while let field = try reader.next() {
      switch field.number {
      case 1:
        let (piece, type) = try Self.readPiece(try reader.message(field, "piece \(tokens.count)"))
        let id = Int32(tokens.count)
        tokens.append(piece)
        if type == .unknown { unknowns.append(id) }
        if type == .userDefined { symbols.append(piece) }
      case 3, 5:
        let name = field.number == 3 ? "normalizer_spec" : "denormalizer_spec"
        var spec = try reader.message(field, name)
        while let field = try spec.next() {
          if field.number == 2 { try CharacterMap(try spec.message(field, name + ".precompiled_charsmap")).check() }
        }
      default: break
      }
    }
    guard unknowns.count == 1 else {
      throw reader.malformed("exactly one piece of type UNKNOWN", "\(unknowns.count)")
    }
    unknown = unknowns[0]
    do throws(Repeated) {
      vocabulary = try Vocabulary(tokens)
    } catch {
      let piece = VocabularyFiles.quoted(tokens[error.second] ?? [])
      throw VocabularyFiles.malformed(
        path, "piece \(error.second)", "each piece once", "\(piece) again, which is piece \(error.first) too")
    }
    guard Self.depth(symbols) <= Self.deepestSymbols else {
      throw reader.malformed(
        "at most \(Self.deepestSymbols) user-defined symbols that begin one another", "\(Self.depth(symbols))")
    }
  }

  private static func readPiece(_ message: ProtobufReader) throws -> ([UInt8], PieceType) {
    var reader = message
    var piece: [UInt8] = []
    var type = PieceType.normal
    while let field = try reader.next() {
      switch field.number {
      case 1: piece = Array(try reader.payload(field))
      case 2:
        let score = Float(bitPattern: try reader.fixed32(field))
        guard score.isFinite else { throw reader.malformed("a finite score", "\(score)") }
      case 3:
        guard let known = PieceType(rawValue: try reader.varint(field)) else {
          throw reader.malformed("a piece type from 1 to 6", "another")
        }
        type = known
      default: break
      }
    }
    guard !piece.isEmpty, piece.count < longestPiece, !piece.contains(0),
      String(validating: piece, as: UTF8.self) != nil
    else {
      throw reader.malformed(
        "a piece of UTF-8 without NUL, 1 to \(longestPiece - 1) bytes long",
        piece.isEmpty ? "an empty one" : VocabularyFiles.quoted(piece))
    }
    return (piece, type)
  }

  /// The length of the longest chain of symbols each of which is a prefix of the next.
  private static func depth(_ symbols: [[UInt8]]) -> Int {
    var chain: [[UInt8]] = []
    var deepest = 0
    for symbol in symbols.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      while let last = chain.last, !symbol.starts(with: last) { chain.removeLast() }
      chain.append(symbol)
      deepest = max(deepest, chain.count)
    }
    return deepest
  }
}

/// A precompiled character map: a little-endian size, a double-array trie (Darts-clone) of that many bytes, and the
/// replacements its leaves point to, each ended by a NUL.
private struct CharacterMap {
  private static let unitSize = 4
  /// The library's bound on leaves on one path of the trie.
  private static let mostLeaves = 32
  private static let longestReplacement = 1000
  private let reader: ProtobufReader
  private let units: UnsafeBufferPointer<UInt8>
  private let replacements: UnsafeBufferPointer<UInt8>
  private let count: Int

  init(_ reader: ProtobufReader) throws {
    self.reader = reader
    let bytes = reader.bytes
    guard !bytes.isEmpty else {
      (units, replacements, count) = (bytes, bytes, 0)
      return
    }
    guard bytes.count > 4 else { throw reader.malformed("a trie and its size", "\(bytes.count) bytes") }
    let size = Int(Self.word(bytes, 0))
    guard size > 0, size % Self.unitSize == 0, size < bytes.count - 4 else {
      throw reader.malformed("a trie that ends inside the map", "a size of \(size) in \(bytes.count) bytes")
    }
    units = UnsafeBufferPointer(rebasing: bytes[4..<4 + size])
    replacements = UnsafeBufferPointer(rebasing: bytes[(4 + size)...])
    count = size / Self.unitSize
  }

  private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> UInt32 {
    UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2]) << 16
      | UInt32(bytes[position + 3]) << 24
  }

  private func unit(_ index: Int) -> UInt32 { Self.word(units, index * Self.unitSize) }

  /// The distance from a unit to its children.
  private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

  /// Walks all paths of the trie: every unit a text could reach must be inside, no path may have a cycle or more leaves
  /// than the library allows, and every leaf must point to a replacement.
  func check() throws {
    guard count > 0 else { return }
    guard String(validating: replacements, as: UTF8.self) != nil, replacements.last == 0 else {
      throw reader.malformed("replacements of UTF-8 with a NUL after each", "others")
    }
    // A node is identified by the base of its children. `leaves` is -1 until it is entered, -2 until it is left.
    var leaves = [Int](repeating: -1, count: count)
    var stack = [try node(offset(unit(0)))]
    while let base = stack.last {
      if leaves[base] >= 0 {
        stack.removeLast()
      } else if leaves[base] == -1 {
        leaves[base] = -2
        for (child, _) in try children(base) {
          guard leaves[child] != -2 else { throw reader.malformed("a trie", "a circle") }
          if leaves[child] == -1 { stack.append(child) }
        }
      } else {
        leaves[base] = try children(base).map { leaves[$0.base] + ($0.isLeaf ? 1 : 0) }.max() ?? 0
        guard leaves[base] <= Self.mostLeaves else {
          throw reader.malformed("at most \(Self.mostLeaves) rules that begin one another", "more")
        }
        stack.removeLast()
      }
    }
  }

  private func children(_ base: Int) throws -> [(base: Int, isLeaf: Bool)] {
    var children: [(base: Int, isLeaf: Bool)] = []
    for label in 0..<256 {
      let unit = unit(base ^ label)
      guard unit & 0x8000_00FF == UInt32(label) else { continue }
      let isLeaf = unit >> 8 & 1 == 1
      let child = try node(base ^ label ^ offset(unit))
      if isLeaf { try checkReplacement(Int(self.unit(child) & 0x7FFF_FFFF)) }
      children.append((child, isLeaf))
    }
    return children
  }

  /// `base`, if all 256 possible children are inside.
  private func node(_ base: Int) throws -> Int {
    guard base | 0xFF < count else { throw reader.malformed("a trie of \(count) units", "a way out of it") }
    return base
  }

  private func checkReplacement(_ start: Int) throws {
    guard start < replacements.count else {
      throw reader.malformed("a replacement inside \(replacements.count) bytes", "byte \(start)")
    }
    let isWhole = start == 0 || replacements[start] & 0xC0 != 0x80
    guard isWhole, replacements[start...].prefix(Self.longestReplacement).contains(0) else {
      throw reader.malformed("a replacement of at most \(Self.longestReplacement) bytes", "a longer one")
    }
  }
}
