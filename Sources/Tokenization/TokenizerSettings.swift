import Files
import Foundation

/// What stands beside the vocabulary: tokenizer_config.json, special_tokens_map.json and added_tokens.json, each
/// optional.
struct TokenizerSettings {
  /// A special token as a file describes it.
  struct Special {
    let content: String
    /// The flags; the id is not known yet.
    var flags: AddedToken
  }

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

  /// tokenizer_config.json, or an absent value.
  let config: JSONNode
  /// The names of the files that were there.
  private(set) var files: [String] = []
  private var roles: [Role: Special] = [:]
  /// Roles that a file sets to null.
  private var emptyRoles: Set<Role> = []
  /// Special tokens without a role.
  private(set) var additional: [Special] = []
  /// Tokens a file gives an id.
  private(set) var listed: [AddedToken] = []

  init(directory: String) throws {
    func read(_ name: String) throws -> JSONNode? {
      let path = directory + "/" + name
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      return try JSONNode.read(path)
    }
    let config = try read("tokenizer_config.json")
    let map = try read("special_tokens_map.json")
    let added = try read("added_tokens.json")
    self.config = config ?? JSONNode(nil, path: directory + "/tokenizer_config.json")
    for (name, node) in [("tokenizer_config.json", config), ("special_tokens_map.json", map)] {
      guard let node else { continue }
      _ = try node.members()
      files.append(name)
      try readSpecials(node)
    }
    if let decoder = config?["added_tokens_decoder"], decoder.isPresent { try readDecoder(decoder) }
    if let added {
      files.append("added_tokens.json")
      try readAdded(added)
    }
  }

  /// The token of a role: what a file says, else `fallback`.
  func special(_ role: Role, fallback: String?) -> Special? {
    if emptyRoles.contains(role) { return nil }
    return roles[role] ?? fallback.map { Special(content: $0, flags: AddedToken(content: $0, id: -1)) }
  }

  private mutating func readSpecials(_ node: JSONNode) throws {
    for role in Role.allCases where roles[role] == nil && !emptyRoles.contains(role) {
      guard let value = node[role.rawValue].value else { continue }
      if value == .null { emptyRoles.insert(role) } else { roles[role] = try Self.special(node[role.rawValue]) }
    }
    for key in ["additional_special_tokens", "extra_special_tokens"] where node[key].isPresent {
      // An object names special tokens of a model's own; their contents are what matters.
      if case .object(let members)? = node[key].value {
        additional += try members.map { try Self.special(node[key][$0.key]) }
      } else {
        additional += try node[key].array().map(Self.special)
      }
    }
  }

  private static func special(_ node: JSONNode) throws -> Special {
    if case .string(let content)? = node.value {
      return Special(content: content, flags: AddedToken(content: content, id: -1))
    }
    let content = try node["content"].string()
    return Special(content: content, flags: try flags(node, content: content, id: -1))
  }

  /// An added token with the flags of an object.
  static func flags(_ node: JSONNode, content: String, id: Int32) throws -> AddedToken {
    func flag(_ key: String, fallback: Bool) throws -> Bool { node[key].isPresent ? try node[key].bool() : fallback }
    let isSpecial = try flag("special", fallback: true)
    return AddedToken(
      content: content, id: id, isSpecial: isSpecial, isSingleWord: try flag("single_word", fallback: false),
      stripsLeft: try flag("lstrip", fallback: false), stripsRight: try flag("rstrip", fallback: false),
      isNormalized: try flag("normalized", fallback: !isSpecial))
  }

  private mutating func readDecoder(_ node: JSONNode) throws {
    for member in try node.members() {
      guard let id = Int32(member.key), id >= 0 else {
        throw VocabularyFiles.malformed(node.path, node.location, "ids as keys", "\"\(member.key.prefix(60))\"")
      }
      let entry = node[member.key]
      listed.append(try Self.flags(entry, content: try entry["content"].string(), id: id))
    }
  }

  private mutating func readAdded(_ node: JSONNode) throws {
    let specials = Set((roles.values.map(\.content) + additional.map(\.content)).map { ExactKey($0) })
    let decoded = Set(listed.map { ExactKey($0.content) })
    for member in try node.members() where !decoded.contains(ExactKey(member.key)) {
      guard case .integer(let value) = member.value, let id = Int32(exactly: value), id >= 0 else {
        throw VocabularyFiles.malformed(
          node.path, "key " + VocabularyFiles.quoted(member.key.utf8), "an id", member.value.kind)
      }
      let isSpecial = specials.contains(ExactKey(member.key))
      listed.append(AddedToken(content: member.key, id: id, isSpecial: isSpecial, isNormalized: !isSpecial))
    }
  }
}
