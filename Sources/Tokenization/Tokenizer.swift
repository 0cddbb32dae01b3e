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
    /// What begins a text of BERT, and is classified.
    public var cls: Int32?
    /// What ends a text of BERT.
    public var sep: Int32?
    /// What stands for a token that is to be predicted.
    public var mask: Int32?
    /// What fills up short texts elsewhere; never added here.
    public var pad: Int32?
    /// What stands for what the vocabulary does not have.
    public var unk: Int32?
    /// What begins a text.
    public var bos: Int32?
    /// What ends a text.
    public var eos: Int32?

    /// No token has a role.
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

  /// Settings that hold for every kind of tokenizer.
  public let options: Options
  /// What the files say that changes nothing or is not what it seems: a sentence each, for a user to read once.
  public let warnings: [String]

  /// Settings that hold for every kind of tokenizer.
  public struct Options: Equatable, Sendable {
    /// The end of a text that is left out when it is too long.
    public enum Side: String, Sendable { case left, right }

    /// The class of Hugging Face's whose rules these are; nil for a folder that says nothing.
    public var className: String?
    /// Whether text that spells a special token is read as text.
    public var splitsSpecialTokens = false
    /// From which side a text that is too long is truncated.
    public var truncationSide = Side.right
    /// The longest text in tokens, special ones included; nil when the files set no bound.
    public var maxLength: Int?

    /// The defaults.
    public init() {}
  }

  /// What `addSpecialTokens` puts around a text.
  public struct Template: Equatable, Sendable {
    /// Ids before a text.
    public var prefix: [Int32]
    /// Ids after a text.
    public var suffix: [Int32]

    /// What stands around a text.
    public init(prefix: [Int32] = [], suffix: [Int32] = []) {
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  let model: Model
  let added: [AddedToken]
  /// Why no text can be read; nil when texts can.
  var refusal: (any Error)?
  private let offsetTrim: OffsetTrim?
  /// Added tokens looked for in the text, and in the normalised text.
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  /// The contents of the added tokens and their ids; the model need not have them.
  let addedByID: [Int32: String]
  let addedByContent: [ExactKey: Int32]

  init(
    model: Model, added: [AddedToken], specialTokens: SpecialTokens, template: Template, files: [String],
    options: Options, warnings: [String], offsetTrim: OffsetTrim? = nil
  ) {
    self.model = model
    self.offsetTrim = offsetTrim
    self.added = added
    self.specialTokens = specialTokens
    self.template = template
    self.files = files
    self.options = options
    self.warnings = warnings
    rawMatcher = AddedTokenMatcher(
      added.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) }, skipsSpecial: options.splitsSpecialTokens)
    normalizedMatcher = AddedTokenMatcher(
      added.filter(\.isNormalized).map { (model.normalize($0.content), $0) }, skipsSpecial: options.splitsSpecialTokens)
    addedByID = Dictionary(added.map { ($0.id, $0.content) }, uniquingKeysWith: { first, _ in first })
    addedByContent = Dictionary(added.map { (ExactKey($0.content), $0.id) }, uniquingKeysWith: { first, _ in first })
  }

  /// This tokenizer with one more warning.
  func with(warning: String) -> Tokenizer {
    Tokenizer(
      model: model, added: added, specialTokens: specialTokens, template: template, files: files, options: options,
      warnings: warnings + [warning], offsetTrim: offsetTrim)
  }

  /// The longest text in bytes.
  public static let longestText = Int(Int32.max)

  /// How it splits words.
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

  /// The ids of a text, special tokens added, at most `maxLength` in all: `[CLS]` stays first and `[SEP]` last. What is
  /// too long loses the end that `options.truncationSide` names; `truncated` says whether it did.
  /// - Throws: `TokenizationError`; `noRoom` when the special tokens alone are more than `maxLength`.
  public func encodeTruncated(
    _ text: UnsafeRawBufferPointer, maxLength: Int
  ) throws -> (ids: [Int32], truncated: Bool) {
    let room = maxLength - template.prefix.count - template.suffix.count
    guard room >= 0 else {
      throw TokenizationError.noRoom(
        maxLength: maxLength, specialTokenCount: template.prefix.count + template.suffix.count)
    }
    var sink = TokenSink(keepsOffsets: false, limit: options.truncationSide == .right ? room : .max)
    try encode(text, into: &sink)
    let truncated = sink.ids.count > room
    let kept = options.truncationSide == .right ? sink.ids.prefix(room) : sink.ids.suffix(room)
    return (template.prefix + kept + template.suffix, truncated)
  }

  /// The ids of a string; see `encodeTruncated(_:maxLength:)`.
  public func encodeTruncated(_ text: String, maxLength: Int) throws -> (ids: [Int32], truncated: Bool) {
    var text = text
    return try text.withUTF8 { try encodeTruncated(UnsafeRawBufferPointer($0), maxLength: maxLength) }
  }

  /// The bytes of a text for which the vocabulary has neither a token nor an unknown token, and how often each comes.
  /// Tokenizing leaves them out.
  /// - Throws: `TokenizationError`.
  public func droppedBytes(_ text: UnsafeRawBufferPointer) throws -> [UInt8: Int] {
    guard case .bytePairEncoding(let model) = model, model.dropsBytes else { return [:] }
    var sink = TokenSink(keepsOffsets: false)
    try encode(text, into: &sink)
    return sink.dropped
  }

  private func encode(_ bytes: UnsafeRawBufferPointer, into sink: inout TokenSink) throws {
    if let refusal { throw refusal }
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
