import Files

/// Text to vocabulary ids and back, from the files that come with a checkpoint. Ids, tokens and offsets are those of
/// Hugging Face's `tokenizers` package, or of `sentencepiece` for its models.
public struct Tokenizer: Sendable {
  /// The algorithm, by the names the field uses.
  public enum Kind: String, Sendable {
    /// BERT's.
    case wordPiece = "WordPiece"
    /// GPT-2's, on bytes.
    case bytePairEncoding = "byte-level BPE"
    /// Whatever a SentencePiece `.model` holds.
    case sentencePiece = "SentencePiece"
  }

  /// The ids of the tokens with a role; nil where the tokenizer has none.
  public struct SpecialTokens: Equatable, Sendable {
    public var cls: Int32?
    public var sep: Int32?
    public var mask: Int32?
    public var pad: Int32?
    public var unk: Int32?
    public var bos: Int32?
    public var eos: Int32?

    public init() {}
  }

  enum Model: Sendable {
    case wordPiece(WordPiece)
    case bytePairEncoding(BytePairEncoding)
    case sentencePiece(SentencePiece)
  }

  /// The ids of the tokens with a role.
  public let specialTokens: SpecialTokens
  /// The names of the files it was read from.
  public let files: [String]
  /// What goes before and after a text when special tokens are asked for.
  public let template: Template

  /// What `addSpecialTokens` puts around a text.
  public struct Template: Equatable, Sendable {
    public var prefix: [Int32]
    public var suffix: [Int32]

    public init(prefix: [Int32] = [], suffix: [Int32] = []) {
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  let model: Model
  let added: [AddedToken]
  private let offsetTrim: OffsetTrim?
  /// Added tokens looked for in the text, and in the normalised text.
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  /// The contents of the added tokens and their ids; the model need not have them.
  let addedByID: [Int32: String]
  let addedByContent: [ExactKey: Int32]

  init(
    model: Model, added: [AddedToken], specialTokens: SpecialTokens, template: Template, files: [String],
    offsetTrim: OffsetTrim? = nil
  ) {
    self.model = model
    self.offsetTrim = offsetTrim
    self.added = added
    self.specialTokens = specialTokens
    self.template = template
    self.files = files
    rawMatcher = AddedTokenMatcher(added.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) })
    normalizedMatcher = AddedTokenMatcher(added.filter(\.isNormalized).map { (model.normalize($0.content), $0) })
    addedByID = Dictionary(added.map { ($0.id, $0.content) }, uniquingKeysWith: { first, _ in first })
    addedByContent = Dictionary(added.map { (ExactKey($0.content), $0.id) }, uniquingKeysWith: { first, _ in first })
  }

  /// The longest text in bytes.
  public static let longestText = Int(Int32.max)

  public var kind: Kind {
    switch model {
    case .wordPiece: return .wordPiece
    case .bytePairEncoding: return .bytePairEncoding
    case .sentencePiece: return .sentencePiece
    }
  }
}

// MARK: - Text to ids

extension Tokenizer {
  /// Tokenizes UTF-8; each maximal invalid subsequence of bad UTF-8 counts as U+FFFD.
  /// - Throws: `TokenizationError`.
  public func encode(_ text: UnsafeRawBufferPointer, addSpecialTokens: Bool = true) throws -> Encoding {
    var sink = TokenSink(keepsOffsets: true)
    try encode(text, into: &sink)
    let before = addSpecialTokens ? template.prefix : []
    let after = addSpecialTokens ? template.suffix : []
    let ids = before + sink.ids + after
    return Encoding(
      ids: ids, tokens: ids.map { token($0) ?? "" },
      offsets: before.map { _ in 0..<0 } + sink.offsets + after.map { _ in 0..<0 })
  }

  /// Tokenizes UTF-8; see `encode(_:addSpecialTokens:)`.
  public func encode(_ text: [UInt8], addSpecialTokens: Bool = true) throws -> Encoding {
    try text.withUnsafeBytes { try encode($0, addSpecialTokens: addSpecialTokens) }
  }

  /// Tokenizes a string; see `encode(_:addSpecialTokens:)`.
  public func encode(_ text: String, addSpecialTokens: Bool = true) throws -> Encoding {
    var text = text
    return try text.withUTF8 { try encode(UnsafeRawBufferPointer($0), addSpecialTokens: addSpecialTokens) }
  }

  /// Only the ids, which is faster.
  /// - Throws: `TokenizationError`.
  public func encodeIDs(_ text: UnsafeRawBufferPointer, addSpecialTokens: Bool = true) throws -> [Int32] {
    var sink = TokenSink(keepsOffsets: false)
    try encode(text, into: &sink)
    return addSpecialTokens ? template.prefix + sink.ids + template.suffix : sink.ids
  }

  /// Only the ids of a string.
  public func encodeIDs(_ text: String, addSpecialTokens: Bool = true) throws -> [Int32] {
    var text = text
    return try text.withUTF8 { try encodeIDs(UnsafeRawBufferPointer($0), addSpecialTokens: addSpecialTokens) }
  }

  /// The ids of the head of a text, special tokens added, at most `maxLength` in all: `[CLS]` stays first and `[SEP]`
  /// last. `truncated` says whether something was left out.
  /// - Throws: `TokenizationError`; `noRoom` when the special tokens alone are more than `maxLength`.
  public func encodeHead(
    _ text: UnsafeRawBufferPointer, maxLength: Int
  ) throws -> (ids: [Int32], truncated: Bool) {
    let room = maxLength - template.prefix.count - template.suffix.count
    guard room >= 0 else {
      throw TokenizationError.noRoom(
        maxLength: maxLength, specialTokenCount: template.prefix.count + template.suffix.count)
    }
    var sink = TokenSink(keepsOffsets: false, limit: room)
    try encode(text, into: &sink)
    let truncated = sink.isFull
    sink.truncate()
    return (template.prefix + sink.ids + template.suffix, truncated)
  }

  /// The ids of the head of a string; see `encodeHead(_:maxLength:)`.
  public func encodeHead(_ text: String, maxLength: Int) throws -> (ids: [Int32], truncated: Bool) {
    var text = text
    return try text.withUTF8 { try encodeHead(UnsafeRawBufferPointer($0), maxLength: maxLength) }
  }

  private func encode(_ bytes: UnsafeRawBufferPointer, into sink: inout TokenSink) throws {
    guard bytes.count <= Self.longestText else {
      throw TokenizationError.textTooLong(byteCount: bytes.count, limit: Self.longestText)
    }
    try UTF8Text.with(bytes) { text, source in
      try rawMatcher.split(text, 0..<text.count) { piece in
        guard !sink.isFull else { return }
        switch piece {
        case .token(let id, let range): sink.append(id, range)
        case .text(let part): try encode(text, part, into: &sink)
        }
      }
      if let offsetTrim {
        sink.offsets = zip(sink.ids, sink.offsets).map { offsetTrim.trim($1, of: token($0) ?? "", in: text) }
      }
      source.mapToSource(&sink.offsets)
    }
  }

  private func encode(_ text: UnsafeBufferPointer<UInt8>, _ part: Range<Int>, into sink: inout TokenSink) throws {
    switch model {
    case .wordPiece(let model):
      let segment = UnsafeBufferPointer(rebasing: text[part])
      let normalized = model.normalizer.normalize(
        segment, keepsAlignment: sink.keepsOffsets, base: part.lowerBound)
      normalized.bytes.withUnsafeBufferPointer { bytes in
        normalizedMatcher.split(bytes, 0..<bytes.count) { piece in
          switch piece {
          case .token(let id, let range): sink.append(id, normalized.sourceRange(range))
          case .text(let part): model.encode(normalized, part, into: &sink)
          }
        }
      }
    case .bytePairEncoding(let model):
      normalizedMatcher.split(text, part) { piece in
        switch piece {
        case .token(let id, let range): sink.append(id, range)
        case .text(let part): model.encode(text, part, into: &sink)
        }
      }
    case .sentencePiece(let model):
      try normalizedMatcher.split(text, part) { piece in
        switch piece {
        case .token(let id, let range): sink.append(id, range)
        case .text(let part): try model.encode(text, part, into: &sink)
        }
      }
    }
  }
}

extension Tokenizer.Model {
  var vocabulary: Vocabulary {
    switch self {
    case .wordPiece(let model): return model.vocabulary
    case .bytePairEncoding(let model): return model.vocabulary
    case .sentencePiece(let model): return model.vocabulary
    }
  }

  /// How a text is spelt where normalised added tokens are looked for.
  func normalize(_ text: String) -> [UInt8] {
    guard case .wordPiece(let model) = self else { return Array(text.utf8) }
    return Array(text.utf8).withUnsafeBufferPointer { model.normalizer.normalize($0, keepsAlignment: false).bytes }
  }
}
