import Files

/// Text to vocabulary ids and back, from the files that come with a checkpoint. Ids, tokens and offsets are those of
/// Hugging Face's `tokenizers` package, or of `sentencepiece` for its models.
public struct Tokenizer: Sendable {
  /// The tokenization algorithm.
  public enum Kind: String, Sendable {
    /// BERT's.
    case wordPiece = "WordPiece"
    /// GPT-2's, on bytes.
    case bytePairEncoding = "byte-level BPE"
    /// That of a SentencePiece `.model`.
    case sentencePiece = "SentencePiece"
  }

  /// The ids of the tokens with a role; nil where the tokenizer has none.
  public struct SpecialTokens: Equatable, Sendable {
    /// The first token of a BERT text, which is classified.
    public var cls: Int32?
    /// The last token of a BERT text.
    public var sep: Int32?
    /// The token to be predicted.
    public var mask: Int32?
    /// The padding token; never added here.
    public var pad: Int32?
    /// The token of what the vocabulary does not have.
    public var unk: Int32?
    /// The beginning of a text.
    public var bos: Int32?
    /// The end of a text.
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
  /// The tokens before and after a text when special tokens are added.
  public let template: Template

  /// Settings of every kind of tokenizer.
  public let options: Options
  /// What the files say that has no effect or is misleading: one sentence each, to show once.
  public let warnings: [String]

  /// Settings of every kind of tokenizer.
  public struct Options: Equatable, Sendable {
    /// The end of a text that truncation leaves out.
    public enum Side: String, Sendable { case left, right }

    /// The Hugging Face class whose rules apply; nil for a folder that names none.
    public var className: String?
    /// Whether a special token's spelling is ordinary text.
    public var splitsSpecialTokens = false
    /// The side from which a text that is too long is truncated.
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

    /// A template.
    public init(prefix: [Int32] = [], suffix: [Int32] = []) {
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  let model: Model
  let added: [AddedToken]
  /// Why no text can be tokenized; nil if texts can.
  var refusal: (any Error)?
  private let offsetTrim: OffsetTrim?
  /// Matchers of added tokens in the text, and in the normalised text.
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  /// The added tokens and their ids, which the model may not have.
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

  /// A copy with one more warning.
  func with(warning: String) -> Tokenizer {
    Tokenizer(
      model: model, added: added, specialTokens: specialTokens, template: template, files: files, options: options,
      warnings: warnings + [warning], offsetTrim: offsetTrim)
  }

  /// The longest text in bytes.
  public static let longestText = Int(Int32.max)

  /// The algorithm.
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

  /// The ids alone, which is faster.
  /// - Throws: `TokenizationError`.
  public func encodeIDs(_ text: UnsafeRawBufferPointer, addSpecialTokens: Bool = true) throws -> [Int32] {
    var sink = TokenSink(keepsOffsets: false)
    try encode(text, into: &sink)
    return addSpecialTokens ? template.prefix + sink.ids + template.suffix : sink.ids
  }

  /// The ids of a string.
  public func encodeIDs(_ text: String, addSpecialTokens: Bool = true) throws -> [Int32] {
    var text = text
    return try text.withUTF8 { try encodeIDs(UnsafeRawBufferPointer($0), addSpecialTokens: addSpecialTokens) }
  }

  /// The ids of a text, special tokens added, at most `maxLength` in all: `[CLS]` stays first and `[SEP]` last. The end
  /// that `options.truncationSide` names is left out where needed, and `truncated` says so.
  /// - Throws: `TokenizationError`; `noRoom` when there are more special tokens than `maxLength`.
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

  /// The bytes of a text without a token or an unknown token, which tokenizing leaves out, and how often each occurs.
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
        sink.offsets = zip(sink.ids, sink.offsets).map { id, range in
          // An added token may have taken white space beside it, which is in the text alone.
          let spelling =
            addedByID[id] == nil
            ? token(id) ?? "" : String(decoding: UnsafeBufferPointer(rebasing: text[range]), as: UTF8.self)
          return offsetTrim.trim(range, of: spelling, in: text)
        }
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

  /// The spelling of a text in which normalised added tokens are matched.
  func normalize(_ text: String) -> [UInt8] {
    guard case .wordPiece(let model) = self else { return Array(text.utf8) }
    return Array(text.utf8).withUnsafeBufferPointer { model.normalizer.normalize($0, keepsAlignment: false).bytes }
  }
}
