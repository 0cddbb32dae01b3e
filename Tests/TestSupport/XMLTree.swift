import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A parsed XML document, for tests that look into it.
public final class XMLTree {
  /// The tag.
  public let name: String
  public let attributes: [String: String]
  public private(set) var children: [XMLTree] = []
  /// The text directly inside this element.
  public private(set) var text = ""

  private init(_ name: String, _ attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  /// The root element. Throws what the parser reports when the text is not well-formed.
  public static func parse(_ text: String) throws -> XMLTree {
    let parser = XMLParser(data: Data(text.utf8))
    let builder = Builder()
    parser.delegate = builder
    guard parser.parse(), let root = builder.root else {
      throw parser.parserError ?? CocoaError(.fileReadCorruptFile)
    }
    return root
  }

  /// This element and all below it, in document order.
  public var all: [XMLTree] { [self] + children.flatMap(\.all) }

  /// The elements called `name`, of a class where one is wanted.
  public func all(_ name: String, class wanted: String? = nil) -> [XMLTree] {
    all.filter { $0.name == name && (wanted == nil || $0.classes.contains(wanted ?? "")) }
  }

  /// The text of this element and all below it.
  public var wholeText: String { all.map(\.text).joined() }

  /// The words of the attribute `class`.
  public var classes: [String] { attributes["class", default: ""].split(separator: " ").map(String.init) }

  /// An attribute as a number; NaN where it is none.
  public func number(_ attribute: String) -> Double { Double(attributes[attribute, default: ""]) ?? .nan }

  private final class Builder: NSObject, XMLParserDelegate {
    var root: XMLTree?
    private var open: [XMLTree] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String] = [:]
    ) {
      let element = XMLTree(name, attributes)
      if let parent = open.last { parent.children.append(element) } else { root = element }
      open.append(element)
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
      open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { open.last?.text += string }
  }
}
