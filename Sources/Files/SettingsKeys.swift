/// The keys of one settings file that Hugging Face reads, and what is done with each: computed, refused by name, or known
/// to change nothing. The caller warns about a key that is not listed.
package struct SettingsKeys: Sendable {
  /// What is done with a key.
  package enum Treatment: Equatable, Sendable {
    /// The key has the effect that it has in Hugging Face.
    case honoured
    /// No value of it changes ids, numbers or their meaning.
    case harmless
    /// Refused unless it has one of these values, which change nothing; null and an absent key are always allowed.
    case refused(unless: [JSON])
  }

  package struct Entry: Equatable, Sendable {
    package let key: String
    package let treatment: Treatment

    package init(_ key: String, _ treatment: Treatment) {
      self.key = key
      self.treatment = treatment
    }
  }

  /// "config.json"
  package let file: String
  /// Each key once.
  package let entries: [Entry]

  package init(file: String, _ entries: [Entry]) {
    self.file = file
    self.entries = entries
  }

  package static func + (left: SettingsKeys, right: [Entry]) -> SettingsKeys {
    SettingsKeys(file: left.file, left.entries + right)
  }

  /// What is done with a key; nil if it is not listed.
  package func treatment(of key: String) -> Treatment? {
    entries.first { $0.key.utf8.elementsEqual(key.utf8) }?.treatment
  }

  /// Checks the members of a settings file.
  /// - Parameter except: keys that are not refused, because the result does not depend on them.
  /// - Returns: the keys that are not listed, in the order of the file.
  /// - Throws: `SettingsError` for a value that is refused; `FileError` when the file holds no object.
  package func check(_ node: JSONNode, except: Set<String> = []) throws -> [String] {
    var unread: [String] = []
    for member in try node.members() {
      switch treatment(of: member.key) {
      case nil: unread.append(member.key)
      case .honoured, .harmless: continue
      case .refused(let values):
        guard member.value != .null, !except.contains(member.key), !values.contains(where: member.value.isSame(as:))
        else { continue }
        throw SettingsError.unsupported(
          path: node.path, key: member.key, found: member.value.kind, supported: values.map { $0.serialized() })
      }
    }
    return unread
  }
}

extension JSON {
  /// Equality with 1 and 1.0 equal.
  fileprivate func isSame(as other: JSON) -> Bool {
    switch (self, other) {
    case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)):
      return Double(whole) == number
    default: return self == other
    }
  }
}

/// A setting that would change a result and is not supported.
package enum SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `supported` are the supported values, as JSON; none when the key must be absent or null.
  case unsupported(path: String, key: String, found: String, supported: [String])

  package var description: String {
    switch self {
    case .unsupported(let path, let key, let found, let supported):
      let expected = supported.isEmpty ? "no such key" : supported.joined(separator: " or ")
      return "\(path) (\(key)): expected \(expected), found \(found), which is not supported"
    }
  }
}
