import Files

/// A token as a file describes it, without an id.
struct NamedToken: Equatable {
  let content: String
  var isSpecial = true
  /// Matched only where no word character touches it.
  var isSingleWord = false
  /// Includes the white space before it.
  var stripsLeft = false
  /// Includes the white space after it.
  var stripsRight = false
  /// Matched in the normalised text, not in the original; nil: unless it is special.
  var isNormalized: Bool?

  init(content: String, isSpecial: Bool = true) {
    self.content = content
    self.isSpecial = isSpecial
  }

  /// A string, or an object with `content` and flags.
  /// - Parameter isSpecial: the default where the object does not say.
  init(_ node: JSONNode, isSpecial: Bool) throws {
    if case .string(let content)? = node.value {
      self.init(content: content, isSpecial: isSpecial)
      return
    }
    func flag(_ key: String) throws -> Bool? { node[key].isPresent ? try node[key].bool() : nil }
    self.init(content: try node["content"].string(), isSpecial: try flag("special") ?? isSpecial)
    isSingleWord = try flag("single_word") ?? false
    stripsLeft = try flag("lstrip") ?? false
    stripsRight = try flag("rstrip") ?? false
    isNormalized = try flag("normalized")
  }

  func added(id: Int32) -> AddedToken {
    AddedToken(
      content: content, id: id, isSpecial: isSpecial, isSingleWord: isSingleWord, stripsLeft: stripsLeft,
      stripsRight: stripsRight, isNormalized: isNormalized ?? !isSpecial)
  }
}
