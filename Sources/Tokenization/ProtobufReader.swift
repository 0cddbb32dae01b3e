/// Reads the fields of one protobuf message (protobuf.dev, "Encoding") with every length checked.
struct ProtobufReader {
  struct Field {
    let number: UInt64
    fileprivate let wireType: UInt64
    fileprivate let value: UInt64
    fileprivate let content: Range<Int>
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private let path: String
  private let location: String
  private var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>, path: String, location: String) {
    self.bytes = bytes
    self.path = path
    self.location = location
  }

  /// The next field; nil at the end of the message.
  mutating func next() throws -> Field? {
    guard position < bytes.count else { return nil }
    let tag = try readVarint()
    let (number, wireType) = (tag >> 3, tag & 7)
    guard number > 0 else { throw malformed("a field number", "0") }
    switch wireType {
    case 0: return Field(number: number, wireType: wireType, value: try readVarint(), content: 0..<0)
    case 1: return try fixed(8, number, wireType)
    case 2:
      let length = try readVarint()
      guard length <= UInt64(bytes.count - position) else {
        throw malformed(
          "a field inside the \(bytes.count) bytes of the message", "one of \(length) bytes at \(position)")
      }
      position += Int(length)
      return Field(number: number, wireType: wireType, value: 0, content: position - Int(length)..<position)
    case 5: return try fixed(4, number, wireType)
    default: throw malformed("a protobuf field", "wire type \(wireType)")
    }
  }

  func varint(_ field: Field) throws -> UInt64 {
    guard field.wireType == 0 else {
      throw malformed("a number in field \(field.number)", "wire type \(field.wireType)")
    }
    return field.value
  }

  func fixed32(_ field: Field) throws -> UInt32 {
    guard field.wireType == 5 else {
      throw malformed("four bytes in field \(field.number)", "wire type \(field.wireType)")
    }
    return UInt32(truncatingIfNeeded: field.value)
  }

  func payload(_ field: Field) throws -> UnsafeBufferPointer<UInt8> {
    guard field.wireType == 2 else { throw malformed("bytes in field \(field.number)", "wire type \(field.wireType)") }
    return UnsafeBufferPointer(rebasing: bytes[field.content])
  }

  func message(_ field: Field, _ location: String) throws -> ProtobufReader {
    ProtobufReader(bytes: try payload(field), path: path, location: location)
  }

  func malformed(_ expected: String, _ found: String) -> TokenizationError {
    .malformed(path: path, location: location, expected: expected, found: found)
  }

  private mutating func fixed(_ size: Int, _ number: UInt64, _ wireType: UInt64) throws -> Field {
    guard size <= bytes.count - position else { throw malformed("\(size) bytes", "the end of the message") }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[position + index]) << (8 * UInt64(index)) }
    position += size
    return Field(number: number, wireType: wireType, value: value, content: 0..<0)
  }

  private mutating func readVarint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw malformed("a number of at most ten bytes", "none that ends")
  }
}
