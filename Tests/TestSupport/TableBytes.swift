import DenseMath

/// The index of a TensorFlow checkpoint made entry by entry, right or with one fault.
public struct TableBytes {
  public var entries: [(key: [UInt8], value: [UInt8])]
  /// What stands after each block, in place of no compression.
  public var compression: UInt8 = 0
  public var magic: UInt64 = 0xDB47_7524_8B80_FB57
  /// Is given each block's content before its checksum is computed.
  public var change: (inout [UInt8]) -> Void = { _ in }
  /// Added to the size of the block in the index block.
  public var extraSize = 0
  /// Where the index block is said to be.
  public var indexPlace: Int?

  /// A header for `shards` data files and these variables.
  public init(_ variables: [(String, [UInt8])], shards: Int = 1, order: Int = 0) {
    let header = Self.field(1, shards) + Self.field(2, order) + Self.field(3, [8, 1])
    entries = [([], header)] + variables.map { (Array($0.0.utf8), $0.1) }
  }

  /// A BundleEntryProto of Float32 numbers.
  public static func variable(
    _ numbers: [Float], shape: [Int], offset: Int, type: Int = 1, shard: Int = 0, size: Int? = nil,
    sliced: Bool = false,
    checksum: UInt32? = nil
  ) -> [UInt8] {
    let bytes = littleEndian(numbers)
    let check = checksum ?? bytes.withUnsafeBytes { Checksum.crc32c.of($0) }
    let sizes = shape.flatMap { field(2, field(1, $0)) }
    return field(1, type) + field(2, sizes) + field(3, shard) + field(4, offset) + field(5, size ?? bytes.count)
      + varint(6 << 3 | 5) + littleEndian(masked(check)) + (sliced ? field(7, []) : [])
  }

  /// The whole file: one block of entries, an empty block, the index and the footer.
  public var file: [UInt8] {
    var file: [UInt8] = []
    let data = append(entries, to: &file, change)
    let meta = append([], to: &file)
    let handle = Self.varint(data.offset) + Self.varint(data.size + extraSize)
    let index = append([((entries.last?.key ?? []) + [0xFF], handle)], to: &file)
    var footer =
      Self.varint(meta.offset) + Self.varint(meta.size) + Self.varint(indexPlace ?? index.offset)
      + Self.varint(index.size)
    footer += [UInt8](repeating: 0, count: 40 - footer.count)
    return file + footer + littleEndian(magic)
  }

  /// The block of entries.
  public var block: [UInt8] {
    var file: [UInt8] = []
    let place = append(entries, to: &file)
    return Array(file.prefix(place.size))
  }

  private func append(
    _ entries: [(key: [UInt8], value: [UInt8])], to file: inout [UInt8], _ change: (inout [UInt8]) -> Void = { _ in }
  ) -> (offset: Int, size: Int) {
    var block: [UInt8] = []
    var last: [UInt8] = []
    for (key, value) in entries {
      let shared = zip(key, last).prefix { $0 == $1 }.count
      block += Self.varint(shared) + Self.varint(key.count - shared) + Self.varint(value.count)
      block += key.dropFirst(shared) + value
      last = key
    }
    block += littleEndian(UInt32(0)) + littleEndian(UInt32(1))
    change(&block)
    let place = (file.count, block.count)
    block.append(compression)
    let check = block.withUnsafeBytes { Checksum.crc32c.of($0) }
    file += block + littleEndian(Self.masked(check))
    return place
  }

  private static func field(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }
  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }
  private static func masked(_ check: UInt32) -> UInt32 { (check >> 15 | check << 17) &+ 0xA282_EAD8 }

  private static func varint(_ value: Int) -> [UInt8] {
    var rest = UInt64(bitPattern: Int64(value))
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
