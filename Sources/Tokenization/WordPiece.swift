/// BERT's pre-tokenizer and WordPiece: words are split at white space and around punctuation, and each word greedily
/// into the longest pieces of the vocabulary (Wu et al. 2016; Devlin et al. 2019).
struct WordPiece: Sendable {
  let vocabulary: Vocabulary
  let normalizer: BertNormalizer
  let unknown: Int32
  /// The prefix of a piece inside a word in the vocabulary, `##`.
  let continuingPrefix: [UInt8]
  /// A longer word, counted in characters, becomes the unknown token.
  let longestWord: Int
  private let continuations: Vocabulary
  private let classes: [ByteClass]

  private enum ByteClass: UInt8 { case word, whitespace, punctuation }

  init(
    vocabulary: Vocabulary, normalizer: BertNormalizer, unknown: Int32, continuingPrefix: [UInt8], longestWord: Int
  ) throws {
    self.vocabulary = vocabulary
    self.normalizer = normalizer
    self.unknown = unknown
    self.continuingPrefix = continuingPrefix
    self.longestWord = longestWord
    continuations = try vocabulary.continuations(prefix: continuingPrefix)
    classes = (0..<128).map { Self.byteClass(UnicodeTable.Flags(rawValue: UnicodeTable.shared.flags[$0])) }
  }

  private static func byteClass(_ flags: UnicodeTable.Flags) -> ByteClass {
    flags.contains(.whitespace) ? .whitespace : flags.contains(.punctuation) ? .punctuation : .word
  }

  /// Tokenizes a part of a normalised text.
  func encode(_ text: NormalizedText, _ part: Range<Int>, into sink: inout TokenSink) {
    var matcher = LongestMatch(model: self, text: text)
    text.bytes.withUnsafeBufferPointer { bytes in
      classes.withUnsafeBufferPointer { classes in
        var position = part.lowerBound
        var wordStart = position
        var hash = FNV.start
        while position < part.upperBound, !sink.isFull {
          let byte = bytes[position]
          var length = 1
          var kind = ByteClass.word
          if byte < 0x80 {
            kind = classes[Int(byte)]
          } else {
            let scalar: UInt32
            (scalar, length) = decodeScalar(bytes, position)
            kind = Self.byteClass(UnicodeTable.Flags(rawValue: UnicodeTable.shared.flags[Int(scalar)]))
          }
          let end = position + length
          if kind == .word {
            for index in position..<end { hash = FNV.step(hash, bytes[index]) }
          } else {
            if wordStart < position { matcher.append(bytes, wordStart..<position, hash, to: &sink) }
            if kind == .punctuation {
              let mark = UnsafeBufferPointer(rebasing: bytes[position..<end])
              matcher.append(bytes, position..<end, FNV.hash(mark), to: &sink)
            }
            wordStart = end
            hash = FNV.start
          }
          position = end
        }
        if position == part.upperBound, wordStart < position {
          matcher.append(bytes, wordStart..<position, hash, to: &sink)
        }
      }
    }
  }

  /// Splits words; a value so that its buffers serve all words of a text.
  private struct LongestMatch {
    let model: WordPiece
    let text: NormalizedText
    /// `hashes[n]` is the hash of the n bytes after the start of a piece.
    var hashes: [UInt64] = []
    var pieces: [(id: Int32, end: Int)] = []

    init(model: WordPiece, text: NormalizedText) {
      self.model = model
      self.text = text
    }

    /// - Parameter hash: of the whole word.
    @inline(__always)
    mutating func append(
      _ bytes: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, _ hash: UInt64, to sink: inout TokenSink
    ) {
      let isShort = word.count <= model.longestWord || characterCount(bytes, word) <= model.longestWord
      if isShort, let id = model.vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[word]), hash: hash) {
        return sink.append(id, text.sourceRange(word))
      }
      guard isShort, cut(bytes, word) else { return sink.append(model.unknown, text.sourceRange(word)) }
      var start = word.lowerBound
      for piece in pieces {
        sink.append(piece.id, text.sourceRange(start..<piece.end))
        start = piece.end
      }
    }

    /// Fills `pieces`; false when some part of the word is in no piece.
    private mutating func cut(_ bytes: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool {
      pieces.removeAll(keepingCapacity: true)
      var start = word.lowerBound
      while start < word.upperBound {
        let vocabulary = start == word.lowerBound ? model.vocabulary : model.continuations
        guard let piece = longestPiece(bytes, start..<word.upperBound, in: vocabulary) else { return false }
        pieces.append(piece)
        start = piece.end
      }
      return true
    }

    private mutating func longestPiece(
      _ bytes: UnsafeBufferPointer<UInt8>, _ rest: Range<Int>, in vocabulary: Vocabulary
    ) -> (id: Int32, end: Int)? {
      hashes.removeAll(keepingCapacity: true)
      var hash = FNV.start
      hashes.append(hash)
      for byte in bytes[rest].prefix(vocabulary.longestKey) {
        hash = FNV.step(hash, byte)
        hashes.append(hash)
      }
      var length = hashes.count - 1
      while length > 0 {
        let end = rest.lowerBound + length
        let isBoundary = end == bytes.count || bytes[end] & 0xC0 != 0x80
        let key = UnsafeBufferPointer(rebasing: bytes[rest.lowerBound..<end])
        if isBoundary, let id = vocabulary.id(of: key, hash: hashes[length]) { return (id, end) }
        length -= 1
      }
      return nil
    }

    private func characterCount(_ bytes: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Int {
      var count = 0
      for byte in bytes[word] where byte & 0xC0 != 0x80 { count += 1 }
      return count
    }
  }
}
