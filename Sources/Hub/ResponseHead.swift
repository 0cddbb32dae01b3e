/// The status line and header of an answer.
package struct ResponseHead: Equatable, Sendable {
  package private(set) var status = 0
  private var fields: [(name: String, value: String)] = []
  private var size = 0
  /// Far more than an honest server sends; its URLs have up to a few thousand bytes.
  private static let limit = 1 << 17

  package static func == (left: Self, right: Self) -> Bool {
    left.status == right.status && left.fields.elementsEqual(right.fields, by: ==)
  }

  package init() {}

  /// The first value of a field; names do not depend on case.
  package subscript(name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }

  /// Whether the status is that of a redirect with somewhere to go.
  package var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) && self["location"] != nil }

  /// Adds a line as it came. A status line begins anew: what came before belonged to an interim answer.
  /// - Returns: false when there is too much.
  package mutating func add(_ line: UnsafeRawBufferPointer) -> Bool {
    size += line.count
    guard size <= Self.limit else { return false }
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      fields = []
      status = text.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix { !$0.isWhitespace }) } ?? 0
    } else if let colon = text.firstIndex(of: ":") {
      fields.append((text[..<colon].lowercased(), Self.trimmed(text[text.index(after: colon)...])))
    }
    return true
  }

  private static func trimmed(_ text: Substring) -> String {
    var rest = text
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
