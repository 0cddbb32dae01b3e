import Foundation

/// The name of a model on the Hugging Face Hub, with or without a revision: `gpt2`, `google-bert/bert-base-uncased@main`.
public struct HubName: Hashable, Sendable, CustomStringConvertible {
  /// `name` or `owner/name`.
  public let id: String
  /// A branch, a tag or a commit, as it was given; nil where none was.
  public let revision: String?

  /// The revision that is looked up: `main` where none was given.
  public var wantedRevision: String { revision ?? "main" }

  public var description: String { revision.map { "\(id)@\($0)" } ?? id }

  /// Parses `name`, `owner/name`, each with `@revision` where one is wanted.
  /// - Throws: `HubError.badName` for what the hub would not accept as a name, or git as a revision.
  public init(_ text: String) throws {
    let at = text.utf8.firstIndex(of: UInt8(ascii: "@"))
    id = at.map { String(text[..<$0]) } ?? text
    revision = at.map { String(text[text.index(after: $0)...]) }
    if let rule = Self.brokenRule(id: id) ?? revision.flatMap(Self.brokenRule(revision:)) {
      throw HubError.badName(text: HubError.shown(text), rule: rule)
    }
  }

  /// The name of the folder that the Python client keeps this repository in.
  package var folderName: String { "models--" + id.split(separator: "/").joined(separator: "--") }

  /// The repository that a folder of the cache is for; nil for a folder of something else.
  package init?(folderName: String) {
    let prefix = "models--"
    guard folderName.hasPrefix(prefix) else { return nil }
    // Two hyphens stand for the slash; an id has no two of its own.
    let id = folderName.dropFirst(prefix.count).replacingOccurrences(of: "--", with: "/")
    guard let name = try? HubName(id), name.revision == nil else { return nil }
    self = name
  }

  /// Whether a text is a whole commit hash.
  package static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && isHexadecimal(text) }

  /// Lower-case hexadecimal digits, at least one.
  package static func isHexadecimal(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  private static func brokenRule(id: String) -> String? {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return "at most one slash" }
    for part in parts {
      guard (1...96).contains(part.utf8.count) else { return "1 to 96 characters on each side of the slash" }
      guard part.utf8.allSatisfy(isNameByte) else {
        return "only letters a to z and A to Z, digits, \"-\", \"_\" and \".\""
      }
      let ends = [part.utf8.first, part.utf8.last]
      guard !ends.contains(UInt8(ascii: "-")), !ends.contains(UInt8(ascii: ".")) else {
        return "no \"-\" or \".\" at the start or the end"
      }
    }
    guard !id.contains("--"), !id.contains("..") else { return "no \"--\" and no \"..\"" }
    return id.hasSuffix(".git") ? "no \".git\" at the end" : nil
  }

  private static func brokenRule(revision: String) -> String? {
    guard (1...200).contains(revision.utf8.count) else { return "a revision of 1 to 200 bytes after the \"@\"" }
    let forbidden = Set(" ~^:?*[\\\u{7F}".unicodeScalars)
    guard !revision.unicodeScalars.contains(where: { $0.value < 0x20 || forbidden.contains($0) }) else {
      return "no space, control character or any of ~ ^ : ? * [ \\ in a revision"
    }
    guard !revision.contains(".."), !revision.contains("@{"), !revision.hasPrefix("-") else {
      return "no \"..\", no \"@{\" and no \"-\" at the start of a revision"
    }
    for part in revision.split(separator: "/", omittingEmptySubsequences: false) {
      guard !part.isEmpty, !part.hasPrefix("."), !part.hasSuffix("."), !part.hasSuffix(".lock") else {
        return "no part of a revision that is empty, starts or ends with \".\" or ends with \".lock\""
      }
    }
    return nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
    default: false
    }
  }
}
