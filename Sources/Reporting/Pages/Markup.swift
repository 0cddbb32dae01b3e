import Files

/// A tree of elements that renders as SVG and as HTML that is also well-formed XML. Escaping happens here and nowhere
/// else.
enum Markup {
  case element(String, [(String, String)], [Markup])
  case text(String)
  /// The project's own style sheet and script, which hold neither "&" nor "<".
  case verbatim(StaticString)
  /// Data in a `script` element, which HTML reads as it stands and XML with its escapes: JSON that needs none in either.
  case json(JSON)

  /// An element whose attributes keep their order.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup] = []
  ) -> Markup {
    .element(name, attributes.map { ($0.key, $0.value) }, children)
  }

  /// An element that holds a text.
  static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String) -> Markup {
    element(name, attributes, [.text(text)])
  }

  var rendered: String {
    var text = ""
    write(into: &text)
    return text
  }

  /// Elements written as `<name/>`: HTML's void ones, and shapes without a tooltip. All others get an end tag, since
  /// HTML would take `<td/>` for a start tag.
  private static let selfClosing: Set<String> = ["meta", "input", "path", "line", "rect"]
  /// No line break after these: one would show as a space.
  private static let inline: Set<String> = ["tspan", "code"]

  private func write(into text: inout String) {
    switch self {
    case .text(let content): text += Self.escaped(content)
    case .verbatim(let content): text += content.description
    case .json(let value): text += Self.unescaped(value)
    case .element(let name, let attributes, let children):
      text += "<" + name
      for (key, value) in attributes { text += " \(key)=\"\(Self.escaped(value))\"" }
      if children.isEmpty, Self.selfClosing.contains(name) {
        text += "/>"
      } else {
        text += ">"
        for child in children { child.write(into: &text) }
        text += "</\(name)>"
      }
      if !Self.inline.contains(name) { text += "\n" }
    }
  }

  /// Characters that mean something to HTML or XML, or that XML cannot hold, become JSON's own escapes: they can stand in
  /// strings only.
  private static func unescaped(_ value: JSON) -> String {
    var result = ""
    for scalar in value.serialized().unicodeScalars {
      switch scalar {
      case "&": result += "\\u0026"
      case "<": result += "\\u003c"
      case ">": result += "\\u003e"
      case "\u{FFFE}": result += "\\ufffe"
      case "\u{FFFF}": result += "\\uffff"
      case _ where scalar.value & 0xFFFE == 0xFFFE || (0x7F..<0xA0).contains(scalar.value): result += "\\ufffd"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Safe in text and in attributes. What XML 1.0 cannot hold becomes U+FFFD.
  private static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE:
        result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
