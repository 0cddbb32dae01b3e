import Files

/// A JSON Schema in the subset that docs/schemas uses. A keyword outside it is refused when the schema is read, so that
/// no rule is silently ignored.
public struct JSONSchema: Sendable {
  private let root: JSON

  /// Keywords that only describe.
  private static let annotations: Set<String> = ["$schema", "title", "description", "$defs"]
  private static let rules: Set<String> = [
    "type", "required", "properties", "additionalProperties", "items", "enum", "const", "minimum", "maximum",
    "minItems", "maxItems", "pattern", "$ref",
  ]
  private static let types = ["null", "boolean", "integer", "number", "string", "array", "object"]

  /// Checks the whole schema, `$defs` included.
  /// - Throws: `SchemaError` on an unknown keyword, an invalid value of a keyword, or a `$ref` without a target.
  public init(_ root: JSON) throws {
    self.root = root
    try check(root, at: "#")
  }

  /// What is wrong with `value`, each problem with its location ("$.points[3].kept"); empty when it conforms.
  public func problems(in value: JSON) -> [String] { problems(value, root, at: "$") }

  // MARK: Reading the schema

  private func check(_ schema: JSON, at place: String) throws {
    guard case .object(let members) = schema else { throw SchemaError("\(place): expected an object") }
    for member in members {
      let here = "\(place)/\(member.key)"
      guard Self.rules.contains(member.key) || Self.annotations.contains(member.key) else {
        throw SchemaError("\(here): unknown keyword")
      }
      switch (member.key, member.value) {
      case ("properties", .object(let children)), ("$defs", .object(let children)):
        for child in children { try check(child.value, at: "\(here)/\(child.key)") }
      case ("items", .object): try check(member.value, at: here)
      case ("additionalProperties", .bool), ("const", _), ("enum", .array), ("minimum", .integer), ("minimum", .number),
        ("maximum", .integer), ("maximum", .number), ("minItems", .integer), ("maxItems", .integer),
        ("$schema", .string), ("title", .string), ("description", .string):
        break
      case ("type", .string(let name)) where Self.types.contains(name): break
      case ("type", .array(let names)) where names.allSatisfy { $0.text.map(Self.types.contains) ?? false }: break
      case ("required", .array(let names)) where names.allSatisfy { $0.text != nil }: break
      case ("pattern", .string(let pattern)):
        do { _ = try Regex(pattern) } catch { throw SchemaError("\(here): not a regular expression: \(pattern)") }
      case ("$ref", .string(let target)):
        guard definition(target) != nil else { throw SchemaError("\(here): nothing at \(target)") }
      default: throw SchemaError("\(here): unexpected value: \(member.value.kind)")
      }
    }
  }

  private func definition(_ target: String) -> JSON? {
    guard target.hasPrefix("#/$defs/") else { return nil }
    return root["$defs"]?[String(target.dropFirst("#/$defs/".count))]
  }

  // MARK: Checking a value

  private func problems(_ value: JSON, _ schema: JSON, at place: String) -> [String] {
    guard case .object(let rules) = schema else { return [] }
    return rules.flatMap { problems(value, $0.key, $0.value, schema, at: place) }
  }

  private func problems(_ value: JSON, _ keyword: String, _ rule: JSON, _ schema: JSON, at place: String) -> [String] {
    func unless(_ holds: Bool, _ expected: String) -> [String] {
      holds ? [] : ["\(place): expected \(expected), found \(value.kind)"]
    }
    switch (keyword, rule, value) {
    case ("$ref", .string(let target), _):
      return definition(target).map { problems(value, $0, at: place) } ?? []
    case ("type", .string(let name), _): return unless(value.isOf(type: name), "type \(name)")
    case ("type", .array(let names), _):
      let names = names.compactMap(\.text)
      return unless(names.contains(where: value.isOf(type:)), "type \(names.joined(separator: " or "))")
    case ("const", _, _): return unless(value.equals(rule), rule.serialized())
    case ("enum", .array(let choices), _):
      return unless(choices.contains(where: value.equals), "one of \(rule.serialized())")
    case ("minimum", _, _):
      guard let number = value.double, let least = rule.double else { return [] }
      return unless(number >= least, "at least \(least)")
    case ("maximum", _, _):
      guard let number = value.double, let most = rule.double else { return [] }
      return unless(number <= most, "at most \(most)")
    case ("minItems", .integer(let least), .array(let values)):
      return unless(values.count >= least, "at least \(least) items")
    case ("maxItems", .integer(let most), .array(let values)):
      return unless(values.count <= most, "at most \(most) items")
    case ("pattern", .string(let pattern), .string(let text)):
      let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar)
      return unless((try? regex?.firstMatch(in: text)) != nil, "a text matching \(pattern)")
    case ("required", .array(let names), .object):
      return names.compactMap(\.text).filter { value[$0] == nil }.map { "\(place): no member \"\($0)\"" }
    case ("properties", .object(let properties), .object):
      return properties.flatMap { property in
        value[property.key].map { problems($0, property.value, at: "\(place).\(property.key)") } ?? []
      }
    case ("additionalProperties", .bool(false), .object(let members)):
      let unknown = members.filter { schema["properties"]?[$0.key] == nil }
      return unknown.map { "\(place): unknown member \"\($0.key)\"" }
    case ("items", _, .array(let values)):
      return values.enumerated().flatMap { problems($1, rule, at: "\(place)[\($0)]") }
    default: return []
    }
  }
}

/// A schema, or a document that holds one, that cannot be used.
public struct SchemaError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

extension JSON {
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }

  fileprivate var double: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    default: return nil
    }
  }

  fileprivate func isOf(type name: String) -> Bool {
    switch (self, name) {
    case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
      (.string, "string"), (.array, "array"), (.object, "object"):
      return true
    // JSON Schema counts 3.0 as an integer.
    case (.number(let value), "integer"): return value == value.rounded()
    default: return false
    }
  }

  /// Equality of JSON Schema: numbers by value, strings by scalars, objects in any order of their members.
  fileprivate func equals(_ other: JSON) -> Bool {
    switch (self, other) {
    case (.integer(let left), .integer(let right)): return left == right
    case (.integer, .number), (.number, .integer), (.number, .number): return double == other.double
    case (.string(let left), .string(let right)): return left.utf8.elementsEqual(right.utf8)
    case (.array(let left), .array(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
    case (.object(let left), .object(let right)):
      return left.count == right.count
        && left.allSatisfy { member in other[member.key].map(member.value.equals) ?? false }
    default: return self == other
    }
  }
}
