/// The fields of a message of Protocol Buffers, as it is on the wire.
/// Source: https://protobuf.dev/programming-guides/encoding.
enum ProtocolBuffer {
  /// What a field holds.
  enum Value {
    case integer(UInt64)
    case fixed64(UInt64)
    case bytes(UnsafeRawBufferPointer)
    case fixed32(UInt32)
  }

  /// Every field of a message; nil where it is broken.
  static func fields(_ bytes: UnsafeRawBufferPointer) -> [(number: Int, value: Value)]? {
    var reader = ByteReader(bytes)
    var fields: [(number: Int, value: Value)] = []
    while reader.rest > 0 {
      guard let tag = reader.nextSize(), let value = value(ofType: tag & 7, &reader) else { return nil }
      fields.append((tag >> 3, value))
    }
    return fields
  }

  private static func value(ofType type: Int, _ reader: inout ByteReader) -> Value? {
    switch type {
    case 0: reader.nextVarint().map { .integer($0) }
    case 1: reader.next(UInt64.self).map { .fixed64($0) }
    case 2: reader.nextSize().flatMap { reader.next($0) }.map { .bytes($0) }
    case 5: reader.next(UInt32.self).map { .fixed32($0) }
    default: nil
    }
  }
}
