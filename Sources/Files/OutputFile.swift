import Foundation

/// A file that appears whole or not at all: bytes go to a temporary file beside it, which `commit` renames into place.
/// If it is never committed the temporary file is removed, and the file that was there is unchanged.
///
/// A symbolic link is followed: the file that it leads to is replaced, and the link stays. Bytes for a pipe, a
/// character device or a descriptor of the process (/dev/stdout, /dev/fd/3) are written directly; those written before
/// a failure are not taken back. A socket, a block device and a folder are refused.
package final class OutputFile {
  /// The path as it was given.
  package let path: String
  private let target: OutputTarget
  private var temporary: TemporaryFile?
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16

  /// Opening a pipe waits for its reader.
  /// - Throws: `FileError` when the folder does not exist or cannot be written, or no file can be at the path.
  package init(_ path: String) throws {
    self.path = path
    target = try OutputTarget(path)
    try target.check(path: path)
    switch target {
    case .file(let place):
      let file = try TemporaryFile(replacing: place, path: path)
      (temporary, descriptor) = (file, file.descriptor)
    case .device(let place):
      (temporary, descriptor) = (nil, try Self.open(device: place, path: path))
    case .descriptor(let number):
      (temporary, descriptor) = (nil, fcntl(number, F_DUPFD_CLOEXEC, 3))
      guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "write") }
    }
  }

  /// Checks that a file can be written to a path, before long work. Opens and changes nothing.
  /// - Throws: `FileError`, as opening it would.
  package static func check(_ path: String) throws { try OutputTarget(path).check(path: path) }

  /// Appends bytes. Throws `FileError`, also for a full disk or a pipe whose reader is gone.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    try writeThrough(bytes)
  }

  /// Leaves out bytes, which `write(_:at:)` writes later, or which are 0.
  /// - Throws: `FileError`, also where the path is no file.
  package func skip(_ count: Int) throws {
    try flush()
    guard temporary != nil else {
      throw FileError.notWritable(path: path, expected: "a file", found: "a pipe or a device")
    }
    guard lseek(descriptor, off_t(count), SEEK_CUR) >= 0, ftruncate(descriptor, lseek(descriptor, 0, SEEK_CUR)) == 0
    else { throw FileError.fromErrno(path: path, action: "write") }
  }

  /// Writes bytes at a place that was skipped.
  /// - Throws: `FileError`, also for a full disk.
  package func write(_ bytes: UnsafeRawBufferPointer, at place: Int) throws {
    guard Descriptor.write(bytes, to: descriptor, at: place) else {
      throw FileError.fromErrno(path: path, action: "write")
    }
  }

  /// Appends text as UTF-8.
  package func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Flushes to disk and renames into place. Throws `FileError`; then nothing has changed at `path`, unless it is a pipe
  /// or a device.
  package func commit() throws {
    try flush()
    guard let temporary else { return try closeStream() }
    descriptor = -1
    try temporary.commit(path: path)
  }

  /// Writes one whole file. Throws `FileError`.
  package static func write(_ text: String, to path: String) throws {
    let file = try OutputFile(path)
    try file.write(text)
    try file.commit()
  }

  /// Writes whole files. None of them appears unless all have been written.
  /// - Throws: `FileError`.
  package static func write(_ files: [(bytes: [UInt8], to: String)]) throws {
    let written = try files.map { bytes, path in
      let file = try OutputFile(path)
      try bytes.withUnsafeBytes { try file.write($0) }
      try file.flush()
      return file
    }
    for file in written { try file.commit() }
  }

  /// Copies a whole file. Throws `FileError`.
  package static func copy(_ source: String, to path: String) throws {
    let source = try MappedFile(source)
    let file = try OutputFile(path)
    try withExtendedLifetime(source) { try file.write(source.bytes) }
    try file.commit()
  }

  private static func open(device: String, path: String) throws -> Int32 {
    while true {
      let descriptor = Foundation.open(device, O_WRONLY | O_CLOEXEC | O_NOCTTY)
      if descriptor >= 0 { return descriptor }
      guard errno == EINTR else { throw FileError.fromErrno(path: path, action: "write") }
    }
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try writeThrough($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws {
    guard Descriptor.write(bytes, to: descriptor) else {
      throw errno == EPIPE ? FileError.closed(path: path) : FileError.fromErrno(path: path, action: "write")
    }
  }

  private func closeStream() throws {
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw FileError.fromErrno(path: path, action: "write") }
  }

  deinit {
    if temporary == nil, descriptor >= 0 { close(descriptor) }
  }
}
