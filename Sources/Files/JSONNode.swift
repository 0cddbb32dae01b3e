/// A value in a JSON file with its location, so that a wrong one throws an error that names the file and the key.
public struct JSONNode: Sendable {
  /// nil when the key was absent.
  public let value: JSON?
  /// The file.
  public let path: String
  /// The keys to this value, joined by dots; empty for the whole document.
  public let location: String

  /// A value of a file, with the path and location for errors.
  public init(_ value: JSON?, path: String, location: String = "") {
    self.value = value
    self.path = path
    self.location = location
  }

  /// Reads a JSON file. Throws `FileError`.
  public static func read(_ path: String) throws -> JSONNode {
    JSONNode(try JSON.read(path), path: path)
  }

  /// The member `key`; its `value` is nil when it is absent.
  public subscript(key: String) -> JSONNode {
    JSONNode(value?[key], path: path, location: location.isEmpty ? key : location + "." + key)
  }

  /// False when the key is absent or null.
  public var isPresent: Bool {
    switch value {
    case .none, .some(.null): return false
    default: return true
    }
  }

  /// The value as a whole number. Throws `FileError` for another.
  public func int() throws -> Int {
    if case .integer(let value)? = value { return value }
    throw wrong("an integer")
  }

  /// A finite number, integers included.
  public func double() throws -> Double {
    switch value {
    case .number(let value)?: return value
    case .integer(let value)?: return Double(value)
    default: throw wrong("a number")
    }
  }

  /// The value as true or false. Throws `FileError` for another.
  public func bool() throws -> Bool {
    if case .bool(let value)? = value { return value }
    throw wrong("true or false")
  }

  /// The value as a string. Throws `FileError` for another.
  public func string() throws -> String {
    if case .string(let value)? = value { return value }
    throw wrong("a string")
  }

  /// The elements. Throws `FileError` for what is no array.
  public func array() throws -> [JSONNode] {
    guard case .array(let values)? = value else { throw wrong("an array") }
    return values.enumerated().map { JSONNode($1, path: path, location: "\(location)[\($0)]") }
  }

  /// The members in the order of the file. Throws `FileError` for what is no object.
  public func members() throws -> [JSON.Member] {
    if case .object(let members)? = value { return members }
    throw wrong("an object")
  }

  /// The error that this value is not `expected`.
  public func wrong(_ expected: String) -> FileError {
    .malformed(path: path, location: location, expected: expected, found: value?.kind ?? "nothing")
  }
}
