import Files

/// What the index of a TensorFlow checkpoint says about a variable.
/// Source: TensorFlow's tensorflow/core/protobuf/tensor_bundle.proto and framework/types.proto.
struct BundleEntry {
  /// nil for a type that no weights have, such as strings.
  let type: ElementType?
  let shape: [Int]
  /// Which data file.
  let shard: Int
  /// Where the numbers are in it, in bytes.
  let offset: Int
  let size: Int
  let checksum: MaskedChecksum
  /// Whether the numbers are those of several pieces that are stored under other keys.
  let isSliced: Bool

  /// nil for a message that is broken or has a number that is negative or too large.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let fields = ProtocolBuffer.fields(bytes) else { return nil }
    var (code, shard, offset, size, checksum, isSliced) = (UInt64(0), 0, 0, 0, UInt32(0), false)
    var shape: [Int] = []
    for field in fields {
      switch (field.number, field.value) {
      case (1, .integer(let value)): code = value
      case (2, .bytes(let bytes)):
        guard let sizes = Self.shape(bytes) else { return nil }
        shape = sizes
      case (3, .integer(let value)):
        guard let value = Int(exactly: value) else { return nil }
        shard = value
      case (4, .integer(let value)):
        guard let value = Int(exactly: value) else { return nil }
        offset = value
      case (5, .integer(let value)):
        guard let value = Int(exactly: value) else { return nil }
        size = value
      case (6, .fixed32(let value)): checksum = value
      case (7, _): isSliced = true
      default: break
      }
    }
    type = Self.types[code]
    (self.shape, self.shard, self.offset, self.size, self.isSliced) = (shape, shard, offset, size, isSliced)
    self.checksum = MaskedChecksum(checksum.littleEndian)
  }

  /// The sizes in a TensorShapeProto; nil where one is unknown.
  private static func shape(_ bytes: UnsafeRawBufferPointer) -> [Int]? {
    guard let fields = ProtocolBuffer.fields(bytes), fields.count <= 16 else { return nil }
    var sizes: [Int] = []
    for field in fields {
      guard field.number == 2, case .bytes(let dimension) = field.value,
        let parts = ProtocolBuffer.fields(dimension)
      else { return nil }
      var size = 0
      for case (1, .integer(let value)) in parts {
        guard let value = Int(exactly: value) else { return nil }
        size = value
      }
      sizes.append(size)
    }
    return sizes
  }

  private static let types: [UInt64: ElementType] = [
    1: .float32, 2: .float64, 3: .int32, 4: .uint8, 5: .int16, 6: .int8, 8: .complex64, 9: .int64, 10: .bool,
    14: .bfloat16, 17: .uint16, 19: .float16, 22: .uint32, 23: .uint64,
  ]
}

/// What the index says about itself, under the empty key.
struct BundleHeader {
  /// How many data files.
  let shards: Int
  let isLittleEndian: Bool

  /// nil for a message that is broken.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let fields = ProtocolBuffer.fields(bytes) else { return nil }
    var (shards, order) = (UInt64(0), UInt64(0))
    for field in fields {
      switch (field.number, field.value) {
      case (1, .integer(let value)): shards = value
      case (2, .integer(let value)): order = value
      default: break
      }
    }
    // Their number has five digits in the files' names.
    guard shards > 0, shards <= 99_999 else { return nil }
    self.shards = Int(shards)
    isLittleEndian = order == 0
  }
}
