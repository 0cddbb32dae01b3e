import Files
import Foundation
import Synchronization

/// The file that a blob is downloaded into, `ETAG.incomplete`, with the digest of its bytes, which is computed on a thread
/// beside the writing.
final class BlobWriter {
  /// Bytes in the file.
  private(set) var count = 0
  private let path: String
  private let descriptor: Int32
  private let makeDigest: () -> Digest?
  private var hasher: BackgroundDigest?
  private var chunk = Chunk()

  /// Opens the file that an earlier download left, or makes a new one. What it holds counts after `resume`.
  /// - Parameter makeDigest: a new digest of no bytes; nil where there is nothing to compare it with.
  /// - Throws: `FileError`.
  init(_ path: String, makeDigest: @escaping () -> Digest?) throws {
    self.path = path
    self.makeDigest = makeDigest
    descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "write") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
      close(descriptor)
      throw FileError.notWritable(path: path, expected: "a file of its own or a free name", found: "something else")
    }
  }

  deinit { close(descriptor) }

  /// Keeps what the file holds and adds it to the digest.
  /// - Parameter limit: a file with more bytes is emptied.
  /// - Throws: `FileError`; what `proceed` throws.
  func resume(limit: Int, proceed: () throws -> Void) throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.fromErrno(path: path, action: "read") }
    start()
    guard status.st_size > 0, status.st_size <= limit else { return try empty() }
    while count < status.st_size {
      try proceed()
      let wanted = min(Chunk.capacity, Int(status.st_size) - count)
      let read = chunk.fill(wanted) { pread(descriptor, $0.baseAddress, $0.count, off_t(count)) }
      if read < 0, errno == EINTR { continue }
      guard read > 0 else { return try restart() }
      count += read
      passOn()
    }
  }

  /// Empties the file and begins anew.
  /// - Throws: `FileError`.
  func restart() throws {
    start()
    try empty()
  }

  /// Appends bytes; they are in the file after `flush` at the latest.
  /// - Throws: `HubError.diskFull`, `FileError`.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      rest = UnsafeRawBufferPointer(rebasing: rest[chunk.add(rest)...])
      if chunk.isFull { try flush() }
    }
  }

  /// Bytes in the file and on the way there.
  var total: Int { count + chunk.count }

  /// Writes what was appended.
  /// - Throws: `HubError.diskFull`, `FileError`.
  func flush() throws {
    // At its own place, so that two processes on a file system without locks write the same bytes to the same place.
    var rest = chunk.bytes
    while !rest.isEmpty {
      let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(total - rest.count))
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure(errno, missing: rest.count) }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    count += chunk.count
    passOn()
  }

  /// The digest of the file's bytes; nil where none is wanted. The file takes no more bytes.
  /// - Throws: `DigestError`; what `flush` throws.
  func digest() throws -> String? {
    try flush()
    return try hasher?.finish()
  }

  private func start() {
    hasher = makeDigest().map(BackgroundDigest.init)
    count = 0
    chunk.empty()
  }

  /// Adds the chunk to the digest and takes an empty one.
  private func passOn() {
    if let hasher { chunk = hasher.exchange(chunk) } else { chunk.empty() }
  }

  private func empty() throws {
    guard ftruncate(descriptor, 0) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
  }

  private func failure(_ code: Int32, missing: Int) -> any Error {
    if code == ENOSPC || code == EDQUOT {
      let free = CacheFolder.freeSpace(OutputTarget.folder(of: path)) ?? 0
      return HubError.diskFull(path: path, needed: missing, available: min(free, missing))
    }
    errno = code
    return FileError.fromErrno(path: path, action: "write")
  }
}

/// Memory for some bytes on their way to the file and to the digest.
private final class Chunk: @unchecked Sendable {
  // Belongs to the writer or to the digest's thread, never to both.
  static let capacity = 1 << 20
  private(set) var count = 0
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Chunk.capacity, alignment: 64)

  var isFull: Bool { count == Self.capacity }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  deinit { memory.deallocate() }

  func empty() { count = 0 }

  /// Takes as many bytes as there is room for.
  /// - Returns: how many.
  func add(_ bytes: UnsafeRawBufferPointer) -> Int {
    let taken = min(bytes.count, Self.capacity - count)
    UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + taken])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
    count += taken
    return taken
  }

  /// Replaces the content by what `read` reads.
  /// - Returns: what `read` returns, the number of bytes.
  func fill(_ wanted: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    let result = read(UnsafeMutableRawBufferPointer(rebasing: memory[..<wanted]))
    count = max(0, result)
    return result
  }
}

/// A digest that is computed on a thread of its own, a few chunks behind.
private final class BackgroundDigest: @unchecked Sendable {
  // Used on the queue alone, which takes one piece of work after the other.
  private let digest: Digest
  private let queue = DispatchQueue(label: "graft.hub.digest", qos: .userInitiated)
  /// Chunks that hold nothing any more.
  private let free = Mutex([Chunk]())
  /// So many chunks may wait.
  private let places = DispatchSemaphore(value: 6)

  init(_ digest: Digest) { self.digest = digest }

  /// Takes a chunk to be added to the digest.
  /// - Returns: an empty one in its place.
  func exchange(_ chunk: Chunk) -> Chunk {
    places.wait()
    queue.async { [self] in
      digest.update(chunk.bytes)
      chunk.empty()
      free.withLock { $0.append(chunk) }
      places.signal()
    }
    return free.withLock { $0.popLast() } ?? Chunk()
  }

  func finish() throws -> String { try queue.sync { try digest.finish() } }
}
