import Files
import Foundation

/// The settings beside the vocabulary: tokenizer_config.json, special_tokens_map.json and added_tokens.json, each
/// optional, combined as by Hugging Face: special_tokens_map.json overrides tokenizer_config.json, and neither it nor
/// added_tokens.json is read where tokenizer_config.json has `added_tokens_decoder`.
struct TokenizerSettings {
  /// The keys under which the files name special tokens.
  enum Role: String, CaseIterable {
    case bos = "bos_token"
    case eos = "eos_token"
    case unk = "unk_token"
    case sep = "sep_token"
    case pad = "pad_token"
    case cls = "cls_token"
    case mask = "mask_token"
  }

  /// A token with its id in a file. Only the order of the ids has an effect.
  typealias Listed = (id: Int32, token: NamedToken)

  /// The names of the files that exist.
  private(set) var files: [String] = []
  /// `added_tokens_decoder` or its replacement, by id.
  private(set) var listed: [Listed] = []
  /// What the files say that has no effect, or leave open.
  private(set) var warnings: [String] = []
  /// Whether BertTokenizer lower-cases text where no file says `do_lower_case`.
  private(set) var lowercases = true
  private let config: JSONNode
  /// Each key once, in order of appearance.
  private var values: [(key: String, node: JSONNode)] = []
  /// Objects that name special tokens of the model's own.
  private var ownNames: [JSONNode] = []

  /// - Parameter ownTokens: the added tokens of tokenizer.json; nil without that file.
  init(directory: String, config: JSONNode, _ tokenizerClass: TokenizerClass, ownTokens: [Listed]?) throws {
    func read(_ name: String) throws -> JSONNode? {
      let path = directory + "/" + name
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      files.append(name)
      return try JSONNode.read(path)
    }
    self.config = config
    if config.value != nil {
      files.append("tokenizer_config.json")
      try warnOfUnread(TokenizerKeys.unread(config, TokenizerKeys.config), in: config)
      for member in try config.members() { set(member.key, config[member.key]) }
      moveAdditional()
    }
    let map = try read("special_tokens_map.json")
    let added = try read("added_tokens.json")
    if config["added_tokens_decoder"].isPresent {
      listed = try Self.decoder(config["added_tokens_decoder"])
      if let map { try compare(map, tokenizerClass) }
      if let added { try compare(added: added) }
    } else {
      if let map { try override(with: map) }
      if let added { listed = try readAdded(added) }
      if let ownTokens {
        let own = Set(ownTokens.map(\.id))
        listed = listed.filter { !own.contains($0.id) } + ownTokens
      }
    }
    listed.sort { $0.id < $1.id }
  }

  /// The value of a key; absent if no file has it.
  subscript(key: String) -> JSONNode {
    values.first { $0.key.utf8.elementsEqual(key.utf8) }?.node ?? JSONNode(nil, path: config.path, location: key)
  }

  mutating func warn(_ text: String) { warnings.append(text) }

  /// Decides by the vocabulary whether text is lower-cased, where no file says so.
  /// - Parameter path: of the vocabulary.
  mutating func setCase(_ letters: FirstRelease.LetterCase, path: String) {
    guard !self["do_lower_case"].isPresent, letters.capitalised > 0 else { return }
    lowercases = letters.isLowercase
    warn(
      "\(path): no file says do_lower_case, and \(letters.capitalised) of \(letters.tokens) tokens have capital letters; "
        + "text is \(lowercases ? "" : "not ")lower-cased, unless tokenizer_config.json says otherwise")
  }

  private mutating func set(_ key: String, _ node: JSONNode) {
    if let index = values.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
      values[index].node = node
    } else {
      values.append((key, node))
    }
  }

  private mutating func warnOfUnread(_ keys: [String], in node: JSONNode) {
    guard !keys.isEmpty else { return }
    warn("\(node.path): nothing reads \(keys.map { VocabularyFiles.quoted($0.utf8) }.joined(separator: ", "))")
  }
}

// MARK: - The tokens that the files name

extension TokenizerSettings {
  /// The token of a role: from a file, else `fallback`; nil when a file says null.
  func token(_ role: Role, fallback: String?) throws -> NamedToken? {
    let node = self[role.rawValue]
    guard let value = node.value else { return fallback.map { NamedToken(content: $0) } }
    if value == .null { return nil }
    var token = try NamedToken(node, isSpecial: true)
    // Flags given with an id take precedence over those given with the role.
    if let entry = listed.last(where: { $0.token.content.utf8.elementsEqual(token.content.utf8) }) {
      token = entry.token
    }
    token.isSpecial = true
    return token
  }

  /// Special tokens with a name of the model's own, and those without a name.
  func unnamedRoles() throws -> (named: [NamedToken], extra: [NamedToken]) {
    var named: [NamedToken] = []
    for (key, node) in values where node.value.map({ TokenizerKeys.isSpecialToken(key, $0) }) == true {
      named.append(try NamedToken(node, isSpecial: true))
    }
    for node in ownNames + [self["model_specific_special_tokens"]] where node.isPresent {
      named += try node.members().map { try NamedToken(node[$0.key], isSpecial: true) }
    }
    let extra = self[Self.extra].value == nil ? self[Self.additional] : self[Self.extra]
    guard extra.isPresent else { return (named, []) }
    let isMap = extra.path != config.path
    return (named, try extra.array().map { try NamedToken($0, isSpecial: isMap || $0.isString) })
  }

  private static let additional = "additional_special_tokens"
  private static let extra = "extra_special_tokens"

  /// The old key replaces the new one where that has no token; an object under the new one names tokens.
  private mutating func moveAdditional() {
    var isEmpty: Bool {
      switch self[Self.extra].value {
      case nil, .null?, .array([])?, .object([])?: return true
      default: return false
      }
    }
    if self[Self.additional].value != nil, isEmpty { set(Self.extra, remove(Self.additional)) }
    moveNames()
  }

  private mutating func moveNames() {
    if case .object? = self[Self.extra].value { ownNames.append(remove(Self.extra)) }
  }

  private mutating func remove(_ key: String) -> JSONNode {
    let node = self[key]
    values.removeAll { $0.key.utf8.elementsEqual(key.utf8) }
    return node
  }

  private static func decoder(_ node: JSONNode) throws -> [Listed] {
    try node.members().map { member in
      guard let id = Int32(member.key), id >= 0 else {
        throw VocabularyFiles.malformed(node.path, node.location, "ids as keys", "\"\(member.key.prefix(60))\"")
      }
      return (id, try NamedToken(node[member.key], isSpecial: false))
    }
  }

  private mutating func override(with map: JSONNode) throws {
    let known = TokenizerKeys.config
    warnOfUnread(
      try TokenizerKeys.unread(map, TokenizerKeys.specialTokensMap).filter { known.treatment(of: $0) == nil }, in: map)
    for member in try map.members() {
      let node = map[member.key]
      if member.key == Self.extra, case .array(let more)? = node.value,
        case .array(let values)? = self[Self.extra].value
      {
        let all = values + more.filter { !values.contains($0) }
        set(member.key, JSONNode(.array(all), path: map.path, location: member.key))
      } else if member.key == Self.additional, self[Self.extra].value != nil {
        if node.isPresent, node.value != self[Self.extra].value { warnOfPrecedence(map, member.key) }
      } else {
        set(member.key, node)
      }
    }
    moveNames()
  }

  private func readAdded(_ node: JSONNode) throws -> [Listed] {
    let named = try Role.allCases.compactMap { try token($0, fallback: nil) } + unnamedRoles().extra
    let specials = Set(named.map { ExactKey($0.content) })
    return try node.members().map { member in
      guard case .integer(let value) = member.value, let id = Int32(exactly: value), id >= 0 else {
        throw VocabularyFiles.malformed(
          node.path, "key " + VocabularyFiles.quoted(member.key.utf8), "an id", member.value.kind)
      }
      return (id, NamedToken(content: member.key, isSpecial: specials.contains(ExactKey(member.key))))
    }
  }

  /// Warns if a map that is not read names another token.
  private mutating func compare(_ map: JSONNode, _ tokenizerClass: TokenizerClass) throws {
    for role in Role.allCases where map[role.rawValue].isPresent {
      let mapped = try NamedToken(map[role.rawValue], isSpecial: true).content
      let content = try token(role, fallback: tokenizerClass.content(role))?.content
      if content.map({ ExactKey($0) }) != ExactKey(mapped) { warnOfPrecedence(map, role.rawValue) }
    }
  }

  /// Warns if a list that is not read has tokens of its own.
  private mutating func compare(added node: JSONNode) throws {
    let known = Set(listed.map { ExactKey($0.token.content) })
    for member in try node.members() where !known.contains(ExactKey(member.key)) { warnOfPrecedence(node, member.key) }
  }

  private mutating func warnOfPrecedence(_ node: JSONNode, _ key: String) {
    warn("\(node.path) (\(VocabularyFiles.quoted(key.utf8))): not read, \(config.path) goes before it")
  }
}

extension JSONNode {
  fileprivate var isString: Bool {
    if case .string? = value { return true }
    return false
  }
}
