import DenseMath
import Files

/// A table of keys and values in the order of the keys' bytes, as LevelDB writes it and TensorFlow the index of a
/// checkpoint: blocks of entries, whose keys leave out what they share with the one before; an index of the blocks in a
/// block of its own; and a footer of 48 bytes that says where that is.
/// Source: LevelDB's doc/table_format.md; TensorFlow's tensorflow/core/lib/io/format.cc.
struct SortedTable {
  /// The longest file, in bytes; the index of a model takes about 60 for each tensor.
  static let longest = 1 << 24
  /// The longest key, in bytes, and how many bytes all keys may have together: a key of many bytes takes few in the file.
  static let longestKey = 4096
  static let longestKeys = 1 << 26

  private static let magic: UInt64 = 0xDB47_7524_8B80_FB57

  private let bytes: UnsafeRawBufferPointer
  private let path: String
  /// Bytes of keys that were read.
  private var keyBytes = 0

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    self.bytes = bytes
    self.path = path
    guard bytes.count <= Self.longest else {
      throw malformed("an index of at most \(Self.longest) bytes", "\(bytes.count)")
    }
  }

  /// Hands every key and its value to `body`, in order. Both are valid during the call alone.
  /// - Throws: `CheckpointError`: no table, a block out of the file or overlapping another, a checksum that differs,
  ///   compression, keys out of order; what `body` throws.
  mutating func forEach(_ body: (_ key: [UInt8], _ value: UnsafeRawBufferPointer) throws -> Void) throws {
    var last: [UInt8]?
    var end = 0
    try forEachEntry(in: try block(try indexHandle(), name: "the index block")) { table, _, value in
      var reader = ByteReader(value)
      guard let handle = Handle(&reader), handle.offset >= end else {
        throw table.malformed("blocks one after the other", "a handle of another form or place")
      }
      end = handle.offset + handle.size
      let block = try table.block(handle, name: "the block at byte \(handle.offset)")
      try table.forEachEntry(in: block) { table, key, value in
        if let last, !last.lexicographicallyPrecedes(key) { throw table.malformed("keys in order", "another order") }
        last = key
        try body(key, value)
      }
    }
  }

  /// Where a block is; its type and checksum, 5 bytes, follow it.
  private struct Handle {
    let offset: Int
    let size: Int

    init?(_ reader: inout ByteReader) {
      guard let offset = reader.nextSize(), let size = reader.nextSize(),
        !offset.addingReportingOverflow(size).overflow
      else { return nil }
      self.offset = offset
      self.size = size
    }
  }

  private func indexHandle() throws -> Handle {
    let footer = 48
    guard bytes.count >= footer else { throw malformed("a footer of \(footer) bytes", "a file of \(bytes.count)") }
    let start = bytes.count - footer
    let magic = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 40, as: UInt64.self))
    guard magic == Self.magic else {
      throw malformed("the magic number of a table at the end", "0x\(String(magic, radix: 16))")
    }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 40]))
    guard Handle(&reader) != nil, let handle = Handle(&reader) else {
      throw malformed("the places of two blocks in the footer", "others")
    }
    return handle
  }

  private func block(_ handle: Handle, name: String) throws -> UnsafeRawBufferPointer {
    let limit = bytes.count - 48
    guard handle.offset <= limit, handle.size <= limit - handle.offset - 5 else {
      throw malformed(
        "\(name) within the \(limit) bytes before the footer",
        "\(handle.size) bytes from byte \(handle.offset)")
    }
    let end = handle.offset + handle.size
    let content = UnsafeRawBufferPointer(rebasing: bytes[handle.offset..<end + 1])
    let expected = MaskedChecksum(bytes.loadUnaligned(fromByteOffset: end + 1, as: UInt32.self))
    guard expected.matches(Checksum.crc32c.of(content)) else { throw malformed("\(name) with its CRC-32C", "another") }
    guard bytes[end] == 0 else {
      throw CheckpointError.refused(
        path: path, tensor: nil, expected: "blocks without compression",
        found: bytes[end] == 1 ? "\(name) with Snappy" : "\(name) with the unknown compression \(bytes[end])",
        advice: "read the checkpoint with TensorFlow and save it again")
    }
    return UnsafeRawBufferPointer(rebasing: content[..<handle.size])
  }

  private mutating func forEachEntry(
    in block: UnsafeRawBufferPointer,
    _ body: (inout SortedTable, _ key: [UInt8], _ value: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    // The places at which keys are whole, 4 bytes each, and how many they are: for searches.
    guard block.count >= 4 else { throw malformed("a block with its restarts", "\(block.count) bytes") }
    let restarts = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: block.count - 4, as: UInt32.self))
    guard restarts <= (block.count - 4) / 4 else { throw malformed("restarts within their block", "\(restarts)") }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: block[..<(block.count - 4 - Int(restarts) * 4)]))
    var key: [UInt8] = []
    while reader.rest > 0 {
      guard let shared = reader.nextSize(), let unshared = reader.nextSize(), let length = reader.nextSize(),
        shared <= key.count, unshared <= Self.longestKey - shared, let rest = reader.next(unshared),
        let value = reader.next(length)
      else { throw malformed("an entry of a key and a value", "the end of the block or too long a key") }
      key.replaceSubrange(shared..., with: rest)
      keyBytes += key.count
      guard keyBytes <= Self.longestKeys else { throw malformed("keys of at most \(Self.longestKeys) bytes", "more") }
      try body(&self, key, value)
    }
  }

  private func malformed(_ expected: String, _ found: String) -> CheckpointError {
    .malformed(path: path, tensor: nil, expected: expected, found: found)
  }
}

/// A CRC-32C as LevelDB and TensorFlow store it: turned and moved, because a check of bytes that hold their own check is
/// worth little.
struct MaskedChecksum: Equatable {
  private let stored: UInt32

  /// - Parameter stored: as it was loaded, in little-endian order.
  init(_ stored: UInt32) { self.stored = UInt32(littleEndian: stored) }

  func matches(_ checksum: UInt32) -> Bool {
    (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8 == stored
  }
}
