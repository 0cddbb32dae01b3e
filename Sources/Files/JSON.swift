/// A JSON value. Strings keep their exact Unicode scalars and objects their order of members, because a vocabulary
/// may hold two keys that Swift's `String` calls equal (canonical equivalence) but a tokenizer must tell apart.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One key of an object and its value.
  public struct Member: Equatable, Sendable {
    /// With its exact scalars.
    public let key: String
    /// What the key stands for.
    public let value: JSON

    /// A key and its value.
    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The shortest decimal that reads back as the same Float32; `null` when it is not finite.
  public static func float(_ value: Float) -> JSON {
    value.isFinite ? .number(Double("\(value)") ?? Double(value)) : .null
  }

  /// The value of the member whose key has exactly these UTF-8 bytes; nil when there is none or this is no object.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// With another value for a member; unchanged where there is none of that key.
  package func replacing(_ key: String, with value: JSON) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(members.map { $0.key.utf8.elementsEqual(key.utf8) ? Member($0.key, value) : $0 })
  }

  /// What this value is, for error messages: "an object", "the number 3"...
  public var kind: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .integer(let value): return "the number \(value)"
    case .number(let value): return "the number \(value)"
    case .string(let value): return "the string \"\(value.prefix(60))\""
    case .array(let values): return "an array of \(values.count)"
    case .object(let members): return "an object of \(members.count)"
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
  public init(nilLiteral: ()) { self = .null }
}

extension JSON {
  /// How `serialized` lays out a value: on one line, or one member per line.
  public enum Layout: Sendable { case compact, pretty }

  /// UTF-8 JSON text with keys sorted by their bytes and shortest round-trip decimals; a non-finite number is `null`.
  public func serialized(_ layout: Layout = .compact) -> String {
    var text = ""
    write(into: &text, layout: layout, depth: 0)
    return text
  }

  private func write(into text: inout String, layout: Layout, depth: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(string: value, into: &text)
    case .array(let values):
      Self.writeList(values, brackets: ("[", "]"), into: &text, layout: layout, depth: depth) { value, text in
        value.write(into: &text, layout: layout, depth: depth + 1)
      }
    case .object(let members):
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      Self.writeList(sorted, brackets: ("{", "}"), into: &text, layout: layout, depth: depth) { member, text in
        Self.write(string: member.key, into: &text)
        text += layout == .pretty ? ": " : ":"
        member.value.write(into: &text, layout: layout, depth: depth + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], brackets: (String, String), into text: inout String, layout: Layout, depth: Int,
    writeElement: (Element, inout String) -> Void
  ) {
    text += brackets.0
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      if layout == .pretty { text += "\n" + String(repeating: "  ", count: depth + 1) }
      writeElement(element, &text)
    }
    if layout == .pretty, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: depth) }
    text += brackets.1
  }

  private static func write(string: String, into text: inout String) {
    text += "\""
    var rest = string.utf8[...]
    while let place = rest.firstIndex(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) {
      text += Substring(rest[..<place])
      switch rest[place] {
      case UInt8(ascii: "\""): text += "\\\""
      case UInt8(ascii: "\\"): text += "\\\\"
      case UInt8(ascii: "\n"): text += "\\n"
      case UInt8(ascii: "\r"): text += "\\r"
      case UInt8(ascii: "\t"): text += "\\t"
      case let byte: text += (byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16)
      }
      rest = rest[rest.index(after: place)...]
    }
    text += Substring(rest)
    text += "\""
  }
}
