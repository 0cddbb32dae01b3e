import Files
import Foundation

/// The file that a blob is downloaded into, `ETAG.incomplete`, with the digest of its bytes, which is computed on a thread
/// beside the writing.
final class BlobWriter {
  /// Bytes in the file.
  private(set) var count = 0
  private let path: String
  private let descriptor: Int32
  private let makeDigest: () -> Digest?
  private var hasher: BackgroundDigest?
  private var buffer: [UInt8] = []

  private static let bufferSize = 1 << 20

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
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit { close(descriptor) }

  /// Keeps what the file holds and adds it to the digest.
  /// - Parameter limit: a file with more bytes is emptied.
  /// - Throws: `FileError`; what `proceed` throws.
  func resume(limit: Int, proceed: () throws -> Void) throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.fromErrno(path: path, action: "read") }
    try start()
    guard status.st_size > 0, status.st_size <= limit else { return try empty() }
    while count < status.st_size {
      try proceed()
      var chunk = [UInt8](repeating: 0, count: min(Self.bufferSize, Int(status.st_size) - count))
      let read = pread(descriptor, &chunk, chunk.count, off_t(count))
      if read < 0, errno == EINTR { continue }
      guard read > 0 else { return try restart() }
      chunk.removeLast(chunk.count - read)
      hasher?.add(chunk)
      count += read
    }
  }

  /// Empties the file and begins anew.
  /// - Throws: `FileError`.
  func restart() throws {
    try start()
    try empty()
  }

  /// Appends bytes; they are in the file after `flush` at the latest.
  /// - Throws: `HubError.diskFull`, `FileError`.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Bytes in the file and on the way there.
  var total: Int { count + buffer.count }

  /// Writes what was appended.
  /// - Throws: `HubError.diskFull`, `FileError`.
  func flush() throws {
    guard !buffer.isEmpty else { return }
    // At its own place, so that two processes on a file system without locks write the same bytes to the same place.
    var written = 0
    while written < buffer.count {
      let result = buffer.withUnsafeBytes { bytes in
        bytes.baseAddress.map { pwrite(descriptor, $0 + written, bytes.count - written, off_t(count + written)) } ?? -1
      }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { throw failure(errno, missing: buffer.count - written) }
      written += result
    }
    hasher?.add(buffer)
    count += buffer.count
    buffer = []
    buffer.reserveCapacity(Self.bufferSize)
  }

  /// The digest of the file's bytes; nil where none is wanted. The file takes no more bytes.
  /// - Throws: `DigestError`; what `flush` throws.
  func digest() throws -> String? {
    try flush()
    return try hasher?.finish()
  }

  private func start() throws {
    hasher = makeDigest().map(BackgroundDigest.init)
    count = 0
    buffer.removeAll(keepingCapacity: true)
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

/// A digest that is computed on a thread of its own, a few chunks behind.
private final class BackgroundDigest: @unchecked Sendable {
  // Used on the queue alone, which takes one piece of work after the other.
  private let digest: Digest
  private let queue = DispatchQueue(label: "graft.hub.digest")
  /// So many chunks may wait.
  private let places = DispatchSemaphore(value: 4)

  init(_ digest: Digest) { self.digest = digest }

  func add(_ bytes: [UInt8]) {
    places.wait()
    queue.async { [self] in
      bytes.withUnsafeBytes { digest.update($0) }
      places.signal()
    }
  }

  func finish() throws -> String { try queue.sync { try digest.finish() } }
}
