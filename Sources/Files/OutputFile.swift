import Foundation

/// A file that appears whole or not at all: bytes go to a temporary name beside it, `commit` renames it into place.
/// When it is never committed the temporary file is removed and what stood there before stays.
public final class OutputFile {
  /// The final path.
  public let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16

  /// - Throws: `FileError` when the folder does not exist or cannot be written.
  public init(_ path: String) throws {
    self.path = path
    temporaryPath = path + ".partial"
    descriptor = UnfinishedFiles.creating(temporaryPath) { [temporaryPath] in
      open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else {
      defer { UnfinishedFiles.remove(temporaryPath) }
      // What is missing is the folder, not the file.
      if errno == ENOENT { throw FileError.system(path: path, action: "create", reason: "its folder does not exist") }
      throw FileError.fromErrno(path: path, action: "create")
    }
  }

  /// Appends bytes. Throws `FileError` (a full disk among them).
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    try writeThrough(bytes)
  }

  /// Appends text as UTF-8.
  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Flushes to disk and renames into place. Throws `FileError`; then nothing has changed at `path`.
  public func commit() throws {
    try flush()
    guard fsync(descriptor) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, rename(temporaryPath, path) == 0 else {
      let error = FileError.fromErrno(path: path, action: "write")
      unlink(temporaryPath)
      UnfinishedFiles.remove(temporaryPath)
      throw error
    }
    UnfinishedFiles.remove(temporaryPath, final: path)
  }

  /// Writes one whole file. Throws `FileError`.
  public static func write(_ text: String, to path: String) throws {
    let file = try OutputFile(path)
    try file.write(text)
    try file.commit()
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try writeThrough($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let slice = UnsafeRawBufferPointer(rebasing: rest)
      let count = Foundation.write(descriptor, slice.baseAddress, slice.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError.fromErrno(path: path, action: "write") }
      rest = rest.dropFirst(count)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
    UnfinishedFiles.remove(temporaryPath)
  }
}
