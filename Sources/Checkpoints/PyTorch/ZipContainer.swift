import Files

/// The zip files that `torch.save` writes: entries that are stored without compression, so that each stands in the file
/// as it is. The central directory and the header before each entry must agree, and no two entries may share a byte.
/// Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
struct ZipContainer {
  /// One file in the container.
  struct Entry: Equatable {
    let name: String
    /// Where its bytes stand in the zip file.
    let range: Range<Int>
    /// The CRC-32 of its bytes.
    let checksum: UInt32
  }

  /// In the order in which they stand in the file.
  let entries: [Entry]

  /// - Throws: `CheckpointError`: broken, truncated, compressed, encrypted, overlapping entries, a name twice.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    let directory = try ZipDirectory(bytes, path: path)
    var entries: [(start: Int, entry: Entry)] = []
    var names: Set<ExactKey> = []
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: bytes[..<directory.range.upperBound]), at: directory.range.lowerBound)
    for _ in 0..<directory.count {
      guard let header = ZipHeader(central: &reader) else {
        throw Self.malformed(path, "\(directory.count) entries in the central directory", "\(entries.count)")
      }
      try header.check(path: path)
      guard names.insert(ExactKey(header.name)).inserted else {
        throw Self.malformed(path, "each name once in the central directory", "\"\(header.name)\" again")
      }
      let range = try header.range(in: bytes, before: directory.range.lowerBound, path: path)
      entries.append(
        (header.offset, Entry(name: header.name, range: range, checksum: header.checksum)))
    }
    guard reader.rest == 0 else {
      throw Self.malformed(path, "nothing after the entries of the central directory", "\(reader.rest) more bytes")
    }
    entries.sort { ($0.start, $0.entry.range.upperBound) < ($1.start, $1.entry.range.upperBound) }
    for (first, second) in zip(entries, entries.dropFirst()) where second.start < first.entry.range.upperBound {
      throw Self.malformed(
        path, "entries that do not overlap", "\"\(first.entry.name)\" and \"\(second.entry.name)\" in the same bytes")
    }
    self.entries = entries.map(\.entry)
  }

  static func malformed(_ path: String, _ expected: String, _ found: String) -> CheckpointError {
    .malformed(path: path, tensor: nil, expected: expected, found: found)
  }
}

/// Where the central directory of a zip file is.
private struct ZipDirectory {
  let range: Range<Int>
  let count: Int

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    guard let end = Self.endRecord(bytes), var reader = Self.reader(bytes, at: end + 4),
      let disk = reader.next(UInt16.self), let directoryDisk = reader.next(UInt16.self),
      let countHere = reader.next(UInt16.self), let count = reader.next(UInt16.self),
      let size = reader.next(UInt32.self), let offset = reader.next(UInt32.self)
    else {
      throw ZipContainer.malformed(path, "the end of a zip file", "a file truncated before it")
    }
    var place = (count: UInt64(count), size: UInt64(size), offset: UInt64(offset))
    var limit = end
    if let (large, start) = try Self.largeRecord(bytes, before: end, path: path) {
      guard count == .max || place.count == large.count, size == .max || place.size == large.size,
        offset == .max || place.offset == large.offset
      else {
        throw ZipContainer.malformed(path, "end records that agree", "two central directories")
      }
      (place, limit) = (large, start)
    }
    guard disk == 0, directoryDisk == 0, countHere == count else {
      throw ZipContainer.malformed(path, "a zip file in one piece", "a part of several")
    }
    guard let start = Int(exactly: place.offset), let length = Int(exactly: place.size),
      let count = Int(exactly: place.count), start <= limit, length == limit - start
    else {
      throw ZipContainer.malformed(
        path, "a central directory that ends at byte \(limit)", "\(place.size) bytes from byte \(place.offset)")
    }
    self.range = start..<limit
    self.count = count
  }

  /// The byte at which the end record begins: the last one that reaches to the end of the file.
  private static func endRecord(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let longest = 22 + Int(UInt16.max)
    guard bytes.count >= 22 else { return nil }
    return (max(0, bytes.count - longest)...bytes.count - 22).reversed().first { start in
      guard var reader = reader(bytes, at: start), reader.next(UInt32.self) == 0x0605_4B50,
        var comment = Self.reader(bytes, at: start + 20), let length = comment.next(UInt16.self)
      else { return false }
      return comment.rest == Int(length)
    }
  }

  /// The record of a file with more or longer entries than the end record can tell; nil where there is none.
  private static func largeRecord(
    _ bytes: UnsafeRawBufferPointer, before end: Int, path: String
  ) throws -> (place: (count: UInt64, size: UInt64, offset: UInt64), start: Int)? {
    guard var locator = reader(bytes, at: end - 20), locator.next(UInt32.self) == 0x0706_4B50 else { return nil }
    guard locator.next(UInt32.self) == 0, let offset = locator.next(UInt64.self).flatMap({ Int(exactly: $0) }),
      offset <= end - 20 - 56, var record = reader(bytes, at: offset), record.next(UInt32.self) == 0x0606_4B50,
      let size = record.next(UInt64.self), size == UInt64(end - 20 - offset - 12), record.next(UInt32.self) != nil,
      record.next(UInt64.self) == 0, let here = record.next(UInt64.self), let count = record.next(UInt64.self),
      here == count, let length = record.next(UInt64.self), let start = record.next(UInt64.self)
    else {
      throw ZipContainer.malformed(path, "a zip64 end record before byte \(end - 20)", "none")
    }
    return ((count, length, start), offset)
  }

  private static func reader(_ bytes: UnsafeRawBufferPointer, at position: Int) -> ByteReader? {
    position >= 0 && position <= bytes.count ? ByteReader(bytes, at: position) : nil
  }
}
