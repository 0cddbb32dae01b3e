extension JSON {
  /// The JSON that `value` encodes. Keys keep their exact scalars and the order they are encoded in; a Float32 becomes
  /// the shortest decimal that reads back as itself; nil and a number that is not finite become null, also for
  /// `encodeIfPresent`, which synthesized conformances call. A member that encodes nothing, such as `Absent`, is left
  /// out. Members from several keyed containers, or from values that encode to the same encoder, are merged into one
  /// object. - Throws: what an `encode(to:)` throws.
  package init(encoding value: some Encodable) throws {
    let slot = JSONSlot()
    try value.encode(to: slot)
    self = slot.json ?? .object([])
  }
}

/// Members of an object with computed values or keys, such as the options of a result.
package struct JSONMembers: Encodable, ExpressibleByDictionaryLiteral {
  private var parts: [any Encodable] = []
  private let members: [(key: String, value: any Encodable)]

  package init(dictionaryLiteral members: (String, any Encodable)...) { self.members = members }

  /// - Precondition: no key is in both.
  package static func + (left: JSONMembers, right: some Encodable) -> JSONMembers { join(left, right) }

  package static func + (left: JSONMembers, right: JSONMembers) -> JSONMembers { join(left, right) }

  /// Without members that are nil.
  package static func + (left: JSONMembers, right: (some Encodable)?) -> JSONMembers {
    right.map { join(left, $0) } ?? left
  }

  private static func join(_ left: JSONMembers, _ right: any Encodable) -> JSONMembers {
    var sum: JSONMembers = [:]
    sum.parts = [left, right]
    return sum
  }

  package func encode(to encoder: any Encoder) throws {
    if let slot = encoder as? JSONSlot { return try encode(to: slot) }
    var container = encoder.container(keyedBy: JSONKey.self)
    for part in parts { try part.encode(to: encoder) }
    for member in members { try container.encode(member.value, forKey: JSONKey(stringValue: member.key)) }
  }
}

extension JSONMembers {
  /// Directly into the object, without a container: results have hundreds of thousands of members.
  fileprivate func encode(to slot: JSONSlot) throws {
    slot.beginObject(members.count)
    for part in parts { try part.encode(to: slot) }
    for member in members { try member.value.encode(to: slot.member(member.key)) }
  }
}

extension Encoder {
  /// Encodes an object with these members.
  package func encode(_ members: JSONMembers) throws { try members.encode(to: self) }
}

/// A member that is left out where it is nil; other members that are nil are written as null.
@propertyWrapper
package struct Absent<Value: Encodable>: Encodable {
  package var wrappedValue: Value?

  package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  package func encode(to encoder: any Encoder) throws { try wrappedValue?.encode(to: encoder) }
}

extension Absent: Sendable where Value: Sendable {}
extension Absent: Equatable where Value: Equatable {}

extension JSON: Encodable {
  public func encode(to encoder: any Encoder) throws {
    if let slot = encoder as? JSONSlot, slot.take(self) { return }
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: JSONKey.self)
      for member in members { try container.encode(member.value, forKey: JSONKey(stringValue: member.key)) }
    case .array(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    default:
      var container = encoder.singleValueContainer()
      switch self {
      case .bool(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      default: try container.encodeNil()
      }
    }
  }
}

/// Any text as a key, for objects whose keys are computed.
package struct JSONKey: CodingKey {
  package let stringValue: String
  package var intValue: Int? { nil }

  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}

/// The place of one value: an encoder that keeps what is encoded to it.
private final class JSONSlot: Encoder, SingleValueEncodingContainer {
  private enum Content {
    case nothing
    case value(JSON)
    case members([(key: String, slot: JSONSlot)])
    case elements([JSONSlot])
  }

  private var content = Content.nothing

  /// nil if nothing was encoded.
  var json: JSON? {
    switch content {
    case .nothing: nil
    case .value(let value): value
    case .members(let members):
      .object(members.compactMap { member in member.slot.json.map { JSON.Member(member.key, $0) } })
    case .elements(let slots): .array(slots.map { $0.json ?? .null })
    }
  }

  /// Stores a value; false if there are members already, into which those of an object are merged.
  func take(_ json: JSON) -> Bool {
    guard case .nothing = content else { return false }
    content = .value(json)
    return true
  }

  /// An object with capacity for so many more members. One stored whole is split into members, to merge others into it.
  func beginObject(_ count: Int = 0) {
    if case .members = content { return }
    var members: [(key: String, slot: JSONSlot)] = []
    if case .value(.object(let taken)) = content {
      members = taken.map { member in
        let slot = JSONSlot()
        slot.content = .value(member.value)
        return (member.key, slot)
      }
    }
    members.reserveCapacity(members.count + count)
    content = .members(members)
  }

  func member(_ key: any CodingKey) -> JSONSlot { member(key.stringValue) }

  /// A new member.
  func member(_ key: String) -> JSONSlot {
    beginObject()
    let slot = JSONSlot()
    guard case .members(var members) = content else { return slot }
    content = .nothing  // So that the list is not copied.
    members.append((key, slot))
    content = .members(members)
    return slot
  }

  /// A new element.
  func element() -> JSONSlot {
    let slot = JSONSlot()
    guard case .elements(var slots) = content else {
      content = .elements([slot])
      return slot
    }
    content = .nothing
    slots.append(slot)
    content = .elements(slots)
    return slot
  }

  var count: Int { if case .elements(let slots) = content { slots.count } else { 0 } }

  // MARK: Encoder

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
    beginObject()
    return KeyedEncodingContainer(KeyedSlots(slot: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .elements = content {} else { content = .elements([]) }
    return UnkeyedSlots(slot: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  // MARK: SingleValueEncodingContainer

  func encodeNil() { content = .value(.null) }
  func encode(_ value: Bool) { content = .value(.bool(value)) }
  func encode(_ value: String) { content = .value(.string(value)) }
  func encode(_ value: Double) { content = .value(value.isFinite ? .number(value) : .null) }
  func encode(_ value: Float) { content = .value(.float(value)) }
  /// A number that does not fit `Int` becomes the nearest that does.
  func encode<Value: BinaryInteger & Encodable>(_ value: Value) { content = .value(.integer(Int(clamping: value))) }
  func encode<Value: Encodable>(_ value: Value) throws { try value.encode(to: self) }
}

private struct KeyedSlots<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: JSONSlot
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) { slot.member(key).encodeNil() }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try value.encode(to: slot.member(key)) }

  // The protocol has a default for each of these types, which leaves nil out and would be preferred to the generic one.
  func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: String?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try write(value, key) }
  func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try write(value, key) }

  private func write(_ value: (some Encodable)?, _ key: Key) throws { try value.encode(to: slot.member(key)) }

  func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
    slot.member(key).container(keyedBy: Nested.self)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { slot.member(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { slot.member(JSONKey(stringValue: "super")) }
  func superEncoder(forKey key: Key) -> any Encoder { slot.member(key) }
}

private struct UnkeyedSlots: UnkeyedEncodingContainer {
  let slot: JSONSlot
  var codingPath: [any CodingKey] { [] }
  var count: Int { slot.count }

  func encodeNil() { slot.element().encodeNil() }
  func encode<Value: Encodable>(_ value: Value) throws { try value.encode(to: slot.element()) }

  func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
    slot.element().container(keyedBy: Nested.self)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { slot.element().unkeyedContainer() }
  func superEncoder() -> any Encoder { slot.element() }
}
