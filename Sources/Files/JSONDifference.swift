extension JSON {
  /// The first place, by sorted keys, where two values differ as text; nil when they are the same.
  /// - Parameter first: members that are compared before the others, since what they say causes other differences.
  /// - Returns: the keys that lead there with "." between, and what either value has there ("absent" for nothing).
  package func firstDifference(
    from other: JSON, before first: [String] = []
  ) -> (path: String, left: String, right: String)? {
    first.lazy.compactMap { Self.firstDifference(self[$0], other[$0], path: $0) }.first
      ?? Self.firstDifference(self, other, path: "")
  }

  private static func firstDifference(
    _ left: JSON?, _ right: JSON?, path: String
  ) -> (path: String, left: String, right: String)? {
    guard case .object(let leftMembers)? = left, case .object(let rightMembers)? = right else {
      let (leftText, rightText) = (left?.serialized() ?? "absent", right?.serialized() ?? "absent")
      return leftText.utf8.elementsEqual(rightText.utf8) ? nil : (path, leftText, rightText)
    }
    let keys = Set((leftMembers + rightMembers).map { ExactKey($0.key) }).map(\.string)
    for key in keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let place = path.isEmpty ? key : path + "." + key
      if let difference = firstDifference(left?[key], right?[key], path: place) { return difference }
    }
    return nil
  }
}
