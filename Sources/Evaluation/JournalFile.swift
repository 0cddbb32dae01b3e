import Files
import Foundation

/// The file to which a run's batches are appended. A batch is a line `batch INDEX bytes COUNT sha256 DIGEST` and then
/// COUNT bytes of JSON lines. Opening truncates the rest of an interrupted write after the last whole batch.
final class JournalFile {
  private let path: String
  private let descriptor: Int32
  /// The range of each batch's lines in the file.
  private var places: [Int: Range<Int>]
  /// The position of the next batch.
  private var end: Int

  /// Creates an empty journal, or replaces an empty one. Throws `FileError`.
  static func create(_ path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "create") }
    close(descriptor)
  }

  /// Opens a journal and finds its whole batches.
  /// - Throws: `FileError`, `.malformed` with the byte when a batch in the middle of the file is damaged.
  init(_ path: String, batchCount: Int) throws {
    self.path = path
    (places, end) = try Self.scan(path, batchCount: batchCount)
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "open") }
    guard ftruncate(descriptor, off_t(end)) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
  }

  deinit { close(descriptor) }

  /// The whole batches of a journal, which another process may be writing. Throws `FileError`.
  static func recorded(_ path: String, batchCount: Int) throws -> Set<Int> {
    Set(try scan(path, batchCount: batchCount).places.keys)
  }

  func contains(_ batch: Int) -> Bool { places[batch] != nil }

  /// Throws `FileError`; then the file ends with the previous batch.
  func append(batch: Int, records: [JSON]) throws {
    let lines = Array(records.map { $0.serialized() + "\n" }.joined().utf8)
    let header = try lines.withUnsafeBytes { try Self.header(batch: batch, lines: $0) }
    let bytes = Array((header + "\n").utf8) + lines
    do {
      try write(bytes)
      guard fsync(descriptor) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
    } catch {
      _ = ftruncate(descriptor, off_t(end))  // If this fails too, the next opening truncates the rest.
      throw error
    }
    places[batch] = end + bytes.count - lines.count..<end + bytes.count
    end += bytes.count
  }

  /// The batch's records. Throws `FileError`.
  func records(ofBatch batch: Int) throws -> [JSONNode] {
    guard let place = places[batch] else { return [] }
    var bytes = [UInt8](repeating: 0, count: place.count)
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + position, $0.count - position, off_t(place.lowerBound + position))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError.fromErrno(path: path, action: "read") }
      position += count
    }
    return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      let value = try line.withUnsafeBytes { try JSON.parse($0, path: path) }
      return JSONNode(value, path: path, location: "batch \(batch)")
    }
  }

  /// Removes the file. Throws `FileError`.
  func remove() throws {
    guard unlink(path) == 0 else { throw FileError.fromErrno(path: path, action: "remove") }
  }

  private func write(_ bytes: [UInt8]) throws {
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + position, $0.count - position, off_t(end + position))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError.fromErrno(path: path, action: "write") }
      position += count
    }
  }

  private static func header(batch: Int, lines: UnsafeRawBufferPointer) throws -> String {
    let digest = Digest()
    digest.update(lines)
    return "batch \(batch) bytes \(lines.count) sha256 \(try digest.finish())"
  }

  /// The whole batches and their end.
  private static func scan(_ path: String, batchCount: Int) throws -> (places: [Int: Range<Int>], end: Int) {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) {
      let bytes = file.bytes
      var places: [Int: Range<Int>] = [:]
      var end = 0
      while let headerEnd = bytes[end...].firstIndex(of: UInt8(ascii: "\n")) {
        let header = String(decoding: bytes[end..<headerEnd], as: UTF8.self)
        let words = header.split(separator: " ")
        guard words.count == 6, let batch = Int(words[1]), let count = Int(words[3]), count >= 0,
          (0..<batchCount).contains(batch), places[batch] == nil
        else {
          throw FileError.malformed(
            path: path, location: "byte \(end)", expected: "the start of a batch of this run that was not there before",
            found: "\"\(header.prefix(80))\"")
        }
        let start = headerEnd + 1
        guard count <= bytes.count - start else { break }
        let lines = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
        guard try Self.header(batch: batch, lines: lines).utf8.elementsEqual(header.utf8) else {
          // A loss of power may leave the last write with its length but not its content.
          if start + count == bytes.count { break }
          throw FileError.malformed(
            path: path, location: "byte \(start)", expected: "the lines of batch \(batch) as they were written",
            found: "other bytes")
        }
        places[batch] = start..<start + count
        end = start + count
      }
      return (places, end)
    }
  }
}
