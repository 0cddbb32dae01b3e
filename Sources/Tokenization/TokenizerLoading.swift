import Files
import Foundation

extension Tokenizer {
  /// The tokenizer of a checkpoint's directory.
  ///
  /// A tokenizer.json is used alone when there is one, as Hugging Face's fast tokenizers do; tokenizer_config.json then
  /// still names the special tokens and overrides BERT's normaliser. Else vocab.txt, or vocab.json with merges.txt,
  /// suffices (a GPT-2 looks for them in the other order), else a SentencePiece model. tokenizer_config.json,
  /// special_tokens_map.json and added_tokens.json are read where they are there.
  ///
  /// A SentencePiece model adds `[CLS]` and `[SEP]` for a BERT whose vocabulary has them, `</s>` when
  /// tokenizer_config.json names T5's class, else nothing. Only the special tokens that a settings file names are found
  /// in text: without one, ids are those of the `sentencepiece` package.
  /// - Parameters:
  ///   - directory: where the files are.
  ///   - modelType: `model_type` of config.json, nil when it is not known.
  /// - Throws: `TokenizationError`, `FileError`.
  public static func load(directory: String, modelType: String?) throws -> Tokenizer {
    func path(_ name: String) -> String? {
      let path = directory + "/" + name
      return FileManager.default.fileExists(atPath: path) ? path : nil
    }
    let settings = try TokenizerSettings(directory: directory)
    if let path = path("tokenizer.json") { return try TokenizerJSON(path: path, settings: settings).tokenizer() }
    let wordPiece = { () throws -> Tokenizer? in
      guard let path = path("vocab.txt") else { return nil }
      return try loadWordPiece(path: path, settings: settings)
    }
    let bytePairs = { () throws -> Tokenizer? in
      guard let vocabulary = path("vocab.json"), let merges = path("merges.txt") else { return nil }
      return try loadBytePairs(vocabulary: vocabulary, merges: merges, settings: settings)
    }
    for load in modelType == "gpt2" ? [bytePairs, wordPiece] : [wordPiece, bytePairs] {
      if let tokenizer = try load() { return tokenizer }
    }
    for name in sentencePieceNames {
      if let path = path(name) { return try loadSentencePiece(path, name, modelType: modelType, settings: settings) }
    }
    throw TokenizationError.noTokenizer(
      directory: directory,
      lookedFor: ["tokenizer.json", "vocab.txt", "vocab.json with merges.txt"] + sentencePieceNames)
  }

  /// The names that checkpoints give a SentencePiece model.
  private static let sentencePieceNames = [
    "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model", "sentencepiece.model",
  ]

  private static func loadSentencePiece(
    _ path: String, _ name: String, modelType: String?, settings: TokenizerSettings
  ) throws -> Tokenizer {
    let model = try SentencePiece(path: path)
    let parts = try TokenizerParts(
      vocabulary: model.vocabulary, path: path, settings: settings, fallbacks: .sentencePiece, looksForFallbacks: false)
    var template = Template()
    let tokens = parts.specialTokens
    let className = settings.config["tokenizer_class"]
    if modelType == "bert", let cls = tokens.cls, let sep = tokens.sep {
      template = Template(prefix: [cls], suffix: [sep])
    } else if className.isPresent, try className.string().hasPrefix("T5Tokenizer"), let eos = tokens.eos {
      template.suffix = [eos]
    }
    var specialTokens = tokens
    specialTokens.unk = model.unknown
    return Tokenizer(
      model: .sentencePiece(model), added: parts.added, specialTokens: specialTokens, template: template,
      files: [name] + settings.files)
  }

  private static func loadWordPiece(path: String, settings: TokenizerSettings) throws -> Tokenizer {
    let vocabulary = try VocabularyFiles.readLines(path)
    let parts = try TokenizerParts(vocabulary: vocabulary, path: path, settings: settings, fallbacks: .bert)
    let unknown = try parts.require(.unk)
    let template = Template(prefix: [try parts.require(.cls)], suffix: [try parts.require(.sep)])
    let model = try WordPiece(
      vocabulary: vocabulary, normalizer: BertNormalizer(settings.config, fallback: .uncased), unknown: unknown,
      continuingPrefix: Array("##".utf8), longestWord: 100)
    return Tokenizer(
      model: .wordPiece(model), added: parts.added, specialTokens: parts.specialTokens, template: template,
      files: ["vocab.txt"] + settings.files)
  }

  private static func loadBytePairs(
    vocabulary path: String, merges: String, settings: TokenizerSettings
  ) throws -> Tokenizer {
    let vocabulary = try VocabularyFiles.vocabulary(try JSONNode.read(path))
    let parts = try TokenizerParts(vocabulary: vocabulary, path: path, settings: settings, fallbacks: .gpt2)
    let prefixSpace = settings.config["add_prefix_space"]
    let model = try BytePairEncoding(
      vocabulary: vocabulary, path: path, merges: try VocabularyFiles.readMerges(merges, vocabulary),
      addsPrefixSpace: prefixSpace.isPresent ? try prefixSpace.bool() : false)
    return Tokenizer(
      model: .bytePairEncoding(model), added: parts.added, specialTokens: parts.specialTokens, template: Template(),
      files: ["vocab.json", "merges.txt"] + settings.files)
  }
}

extension BytePairEncoding {
  /// - Throws: `TokenizationError` when some byte has no token.
  init(vocabulary: Vocabulary, path: String, merges: MergeTable, addsPrefixSpace: Bool) throws {
    let byteIDs = try ByteLevel.scalars.map { scalar in
      var spelling: [UInt8] = []
      spelling.append(scalar: scalar)
      guard let id = spelling.withUnsafeBufferPointer({ vocabulary.id(of: $0) }) else {
        throw VocabularyFiles.malformed(
          path, "vocabulary", "a token for each of the 256 bytes", "none for \(VocabularyFiles.quoted(spelling))")
      }
      return id
    }
    self.init(vocabulary: vocabulary, merges: merges, byteIDs: byteIDs, addsPrefixSpace: addsPrefixSpace)
  }
}

extension BertNormalizer {
  static let uncased = BertNormalizer(
    cleansText: true, spacesIdeographs: true, stripsAccents: true, lowercases: true)

  /// What tokenizer_config.json says, and `fallback` where it is silent. Accents go when text is lower-cased, unless
  /// `strip_accents` says otherwise.
  init(_ config: JSONNode, fallback: BertNormalizer) throws {
    func option(_ key: String) throws -> Bool? { config[key].isPresent ? try config[key].bool() : nil }
    let lowercases = try option("do_lower_case")
    let stripsAccents = try option("strip_accents")
    self.init(
      cleansText: fallback.cleansText,
      spacesIdeographs: try option("tokenize_chinese_chars") ?? fallback.spacesIdeographs,
      stripsAccents: stripsAccents ?? lowercases ?? fallback.stripsAccents,
      lowercases: lowercases ?? fallback.lowercases)
  }
}

/// The added tokens of a tokenizer and the ids of those with a role, checked against its vocabulary.
struct TokenizerParts {
  /// The special tokens of a kind of tokenizer whose files name none.
  enum Fallbacks {
    case bert
    case gpt2
    case sentencePiece

    func content(_ role: TokenizerSettings.Role) -> String? {
      switch (self, role) {
      case (.bert, .unk): return "[UNK]"
      case (.bert, .pad): return "[PAD]"
      case (.bert, .sep), (.sentencePiece, .sep): return "[SEP]"
      case (.bert, .cls), (.sentencePiece, .cls): return "[CLS]"
      case (.bert, .mask), (.sentencePiece, .mask): return "[MASK]"
      case (.sentencePiece, .bos): return "<s>"
      case (.sentencePiece, .eos): return "</s>"
      case (.sentencePiece, .pad): return "<pad>"
      case (.gpt2, .bos), (.gpt2, .eos), (.gpt2, .unk): return "<|endoftext|>"
      default: return nil
      }
    }
  }

  private let vocabulary: Vocabulary
  private let path: String
  private let settings: TokenizerSettings
  private let fallbacks: Fallbacks
  private(set) var added: [AddedToken] = []
  private(set) var specialTokens = Tokenizer.SpecialTokens()
  private var idByContent: [ExactKey: Int32] = [:]

  /// - Parameters:
  ///   - listed: the added tokens of the tokenizer's own file, which come before those of `settings`.
  ///   - looksForFallbacks: whether text that spells a fallback becomes it.
  init(
    vocabulary: Vocabulary, path: String, settings: TokenizerSettings, fallbacks: Fallbacks,
    listed: [AddedToken] = [], looksForFallbacks: Bool = true
  ) throws {
    self.vocabulary = vocabulary
    self.path = path
    self.settings = settings
    self.fallbacks = fallbacks
    for token in listed { try add(token, path: path) }
    for token in settings.listed where idByContent[ExactKey(token.content)] == nil {
      try add(token, path: settings.config.path)
    }
    for role in TokenizerSettings.Role.allCases {
      let named = settings.special(role, fallback: nil)
      guard let special = named ?? settings.special(role, fallback: fallbacks.content(role)),
        let id = id(of: special.content)
      else { continue }
      set(role, id)
      if named != nil || looksForFallbacks { try addIfNew(special.flags, id: id) }
    }
    for special in settings.additional {
      if let id = id(of: special.content) { try addIfNew(special.flags, id: id) }
    }
  }

  /// The id of a role that the tokenizer cannot do without.
  func require(_ role: TokenizerSettings.Role) throws -> Int32 {
    let content = settings.special(role, fallback: fallbacks.content(role))?.content ?? role.rawValue
    guard let id = id(of: content) else {
      throw VocabularyFiles.malformed(
        path, "vocabulary", "the token \(VocabularyFiles.quoted(content.utf8)) (\(role.rawValue))", "no such token")
    }
    return id
  }

  private func id(of content: String) -> Int32? { idByContent[ExactKey(content)] ?? vocabulary.id(of: content) }

  private mutating func addIfNew(_ token: AddedToken, id: Int32) throws {
    guard idByContent[ExactKey(token.content)] == nil else { return }
    var token = token
    token.id = id
    try add(token, path: path)
  }

  private mutating func add(_ token: AddedToken, path: String) throws {
    let location = "added token " + VocabularyFiles.quoted(token.content.utf8)
    if let id = vocabulary.id(of: token.content), id != token.id {
      throw VocabularyFiles.malformed(path, location, "the id \(id) of the vocabulary", "\(token.id)")
    }
    if let other = vocabulary.token(token.id), !other.elementsEqual(token.content.utf8) {
      throw VocabularyFiles.malformed(
        path, location, "an id of its own", "\(token.id), which is \(VocabularyFiles.quoted(other))")
    }
    let limit = vocabulary.count * 2 + 65536
    guard token.id < limit else {
      throw VocabularyFiles.malformed(path, location, "an id below \(limit)", "\(token.id)")
    }
    if let id = idByContent[ExactKey(token.content)], id != token.id {
      throw VocabularyFiles.malformed(path, location, "one id", "\(id) and \(token.id)")
    }
    idByContent[ExactKey(token.content)] = token.id
    added.append(token)
  }

  private mutating func set(_ role: TokenizerSettings.Role, _ id: Int32) {
    switch role {
    case .bos: specialTokens.bos = id
    case .eos: specialTokens.eos = id
    case .unk: specialTokens.unk = id
    case .sep: specialTokens.sep = id
    case .pad: specialTokens.pad = id
    case .cls: specialTokens.cls = id
    case .mask: specialTokens.mask = id
    }
  }
}
