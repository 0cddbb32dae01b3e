import Files
import Interpretability
import Reporting

/// What is asked about a text, read from the body of a call: every list and text with a bound.
struct PromptRequest: Sendable {
  static let mostBytes = 20_000
  static let mostChanges = 32
  static let mostTop = 50

  let text: String
  let masksEach: Bool
  let sublayers: Bool
  let tuned: Bool
  let target: String?
  let versus: String?
  let show: LensStatistic?
  let top: Int
  /// nil for all places.
  let positions: [Int]?
  /// As written, and as read.
  let changes: [(text: String, change: SiteChange)]

  /// - Throws: `FileError` that names what is not as expected; `ExplorerError`.
  init(_ node: JSONNode) throws {
    text = try Self.text(node["text"])
    masksEach = try Self.flag(node["mask_each"])
    sublayers = try Self.flag(node["sublayers"])
    tuned = try Self.flag(node["tuned"])
    target = try Self.optional(node["target"])
    versus = try Self.optional(node["versus"])
    let show = try Self.optional(node["show"])
    self.show = try show.map { name in
      guard let statistic = LensStatistic(rawValue: name) else { throw node["show"].wrong("a statistic of the lens") }
      return statistic
    }
    let top = node["top"].isPresent ? try node["top"].int() : 10
    guard (1...Self.mostTop).contains(top) else { throw node["top"].wrong("a number from 1 to \(Self.mostTop)") }
    self.top = top
    positions = node["positions"].isPresent ? try node["positions"].array().map { try $0.int() } : nil
    let changes = node["changes"].isPresent ? try node["changes"].array() : []
    guard changes.count <= Self.mostChanges else {
      throw ExplorerError.tooMuch(what: "changes", found: changes.count, most: Self.mostChanges)
    }
    self.changes = try changes.map { node in
      let text = try Self.text(node)
      guard let change = SiteChange(ablation: text) ?? SiteChange(patch: text) else {
        throw ExplorerError.noChange(text)
      }
      return (text, change)
    }
  }

  /// - Throws: `FileError`, `ExplorerError.tooMuch`.
  static func text(_ node: JSONNode) throws -> String {
    let text = try node.string()
    guard text.utf8.count <= mostBytes else {
      throw ExplorerError.tooMuch(what: "bytes of a text", found: text.utf8.count, most: mostBytes)
    }
    return text
  }

  static func optional(_ node: JSONNode) throws -> String? {
    guard node.isPresent else { return nil }
    let text = try text(node)
    return text.isEmpty ? nil : text
  }

  static func flag(_ node: JSONNode) throws -> Bool { node.isPresent ? try node.bool() : false }
}

extension PromptRequest {
  /// The same for one place, or without a picture's own options for any.
  init(_ other: PromptRequest, at position: Int?) {
    (text, masksEach, target, versus, changes) = (
      other.text, other.masksEach, other.target, other.versus, other.changes
    )
    (sublayers, tuned, show, top) = (false, false, nil, other.top)
    positions = position.map { [$0] }
  }
}

extension PromptRequest {
  /// The same for another text; nil for this one.
  init(_ other: PromptRequest, text: String?) {
    self.text = text ?? other.text
    (masksEach, sublayers, tuned) = (other.masksEach, other.sublayers, other.tuned)
    (target, versus, show, top) = (other.target, other.versus, other.show, other.top)
    (positions, changes) = (other.positions, other.changes)
  }
}
