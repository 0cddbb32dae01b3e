import Files

/// The added tokens of a tokenizer and the ids of those with a role.
struct TokenizerParts {
  /// Tokens that get a role when the vocabulary has them, though their spelling stays text.
  static let bertHints: [TokenizerSettings.Role: String] = [
    .unk: "[UNK]", .pad: "[PAD]", .sep: "[SEP]", .cls: "[CLS]", .mask: "[MASK]",
  ]
  static let gpt2Hints: [TokenizerSettings.Role: String] = [
    .bos: "<|endoftext|>", .eos: "<|endoftext|>", .unk: "<|endoftext|>",
  ]
  static let sentencePieceHints: [TokenizerSettings.Role: String] = [
    .sep: "[SEP]", .cls: "[CLS]", .mask: "[MASK]", .bos: "<s>", .eos: "</s>", .pad: "<pad>",
  ]

  private let vocabulary: Vocabulary
  private let path: String
  private let roles: [TokenizerSettings.Role: NamedToken]
  private var vocabularyWithAdded: AddedVocabulary
  private(set) var specialTokens = Tokenizer.SpecialTokens()
  private(set) var warnings: [String] = []

  var added: [AddedToken] { vocabularyWithAdded.tokens }

  /// - Parameters:
  ///   - own: the added tokens of a tokenizer.json that is followed, which come before those of `settings`.
  ///   - hints: the tokens of roles that no file names.
  init(
    _ vocabulary: Vocabulary, path: String, _ settings: TokenizerSettings, _ tokenizerClass: TokenizerClass,
    own: [TokenizerSettings.Listed] = [], hints: [TokenizerSettings.Role: String] = [:]
  ) throws {
    self.vocabulary = vocabulary
    self.path = path
    var all = AddedVocabulary(vocabulary)
    var roles: [TokenizerSettings.Role: NamedToken] = [:]
    for role in TokenizerSettings.Role.allCases {
      roles[role] = try settings.token(role, fallback: tokenizerClass.content(role))
    }
    self.roles = roles
    let (named, extra) = try settings.unnamedRoles()
    let special = Set((Array(roles.values) + named).map { ExactKey($0.content) })
    for (id, token) in own { warnings += Self.add(token, declared: id, to: &all, path) }
    for (id, token) in settings.listed {
      var token = token
      if special.contains(ExactKey(token.content)) { token.isSpecial = true }
      warnings += Self.add(token, declared: id, to: &all, settings.path)
    }
    // A token listed with an id has its flags from there.
    let listed = Set(all.tokens.map { ExactKey($0.content) })
    let inOrder = TokenizerSettings.Role.allCases.compactMap { roles[$0] } + named + extra
    for token in inOrder where !listed.contains(ExactKey(token.content)) { all.add(token) }
    vocabularyWithAdded = all
    for role in TokenizerSettings.Role.allCases {
      let isNull = settings[role.rawValue].value == .null
      guard let content = roles[role]?.content ?? (isNull ? nil : hints[role]), let id = all.id(of: content) else {
        continue
      }
      set(role, id)
    }
    warnings = Array(Set(warnings)).sorted()
  }

  /// Adds a token; the id in a file has an effect only if Hugging Face would assign the same.
  private static func add(
    _ token: NamedToken, declared: Int32, to all: inout AddedVocabulary, _ path: String
  ) -> [String] {
    guard let id = all.add(token), id != declared else { return [] }
    let name = VocabularyFiles.quoted(token.content.utf8)
    return [
      "\(path): the added token \(name) has the id \(declared) there and gets \(id), as in Hugging Face's tokenizers"
    ]
  }

  /// The id of a required role.
  func require(_ role: TokenizerSettings.Role) throws -> Int32 {
    guard let token = roles[role], let id = vocabularyWithAdded.id(of: token.content) else { throw missing(role) }
    return id
  }

  /// The id of a role whose token must be in the model's own vocabulary.
  func requireInVocabulary(_ role: TokenizerSettings.Role) throws -> Int32 {
    guard let token = roles[role], let id = vocabulary.id(of: token.content) else { throw missing(role) }
    return id
  }

  private func missing(_ role: TokenizerSettings.Role) -> TokenizationError {
    let name =
      roles[role].map { "\(VocabularyFiles.quoted($0.content.utf8)) (\(role.rawValue))" } ?? "a \(role.rawValue)"
    return VocabularyFiles.malformed(path, "vocabulary", "the token \(name)", "no such token")
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
