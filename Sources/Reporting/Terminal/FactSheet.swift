/// Facts about one thing: a title and one line per fact.
package struct FactSheet {
  package let title: String
  private var facts: [(name: String, value: String)] = []

  package init(_ title: String) { self.title = title }

  package mutating func add(_ name: String, _ value: String) { facts.append((name, value)) }

  package func text(_ style: Style) -> String {
    let width = facts.reduce(0) { max($0, $1.name.count) } + 2
    var text = style.painted(title, .strong) + "\n"
    for fact in facts {
      let space = String(repeating: " ", count: width - fact.name.count)
      text += "  " + style.painted(fact.name, .faint) + space
      text += Self.wrapped(fact.value, indent: width + 2, columns: style.width) + "\n"
    }
    return text
  }

  /// Broken between words so that the lines fit beside an indent.
  private static func wrapped(_ value: String, indent: Int, columns: Int?) -> String {
    guard let columns else { return value }
    var (text, used) = ("", indent)
    for word in value.split(separator: " ") {
      if used > indent, used + 1 + word.count > columns {
        text += "\n" + String(repeating: " ", count: indent)
        used = indent
      }
      if used > indent { (text, used) = (text + " ", used + 1) }
      text += word
      used += word.count
    }
    return text
  }
}
