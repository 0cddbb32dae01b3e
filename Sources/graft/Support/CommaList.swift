import ArgumentParser

/// Options whose value is a list with commas between, spaces around a part ignored.
enum CommaList {
  /// - Throws: what `read` throws about a part.
  static func values<Value>(_ argument: String, _ read: (String) throws -> Value) rethrows -> [Value] {
    try argument.split(separator: ",", omittingEmptySubsequences: false).map { part in
      try read(String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
    }
  }

  /// - Throws: `ValidationError` that names the part.
  static func numbers<Number: FixedWidthInteger>(_ argument: String) throws -> [Number] {
    try values(argument) { part in
      guard let number = Number(part) else { throw ValidationError("\"\(part)\" is not a whole number") }
      return number
    }
  }

  /// Names out of some, in the order of these.
  /// - Throws: `ValidationError` that names the part.
  static func choices<Choice: Equatable>(
    _ argument: String, of all: [Choice], named name: (Choice) -> String
  ) throws -> [Choice] {
    let chosen = try values(argument) { part in
      guard let choice = all.first(where: { name($0) == part }) else {
        throw ValidationError("\"\(part)\" is none of " + all.map(name).joined(separator: ", "))
      }
      return choice
    }
    return all.filter(chosen.contains)
  }
}
