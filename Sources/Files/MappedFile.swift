import Foundation

/// A file mapped read-only into memory; unmapped with its last reference.
package final class MappedFile: @unchecked Sendable {
  // Immutable after init, so sharing between threads is safe.

  /// The path the file was opened by.
  package let path: String
  /// The whole file. Valid as long as this object lives.
  package let bytes: UnsafeRawBufferPointer
  /// Whether it was mapped, or made in memory.
  package let isMapped: Bool

  /// - Throws: `FileError` when there is no such file, it is not a regular file, or it cannot be mapped.
  package init(_ path: String) throws {
    self.path = path
    isMapped = true
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "open") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.fromErrno(path: path, action: "read") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError.malformed(path: path, location: "", expected: "a regular file", found: "something else")
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw FileError.fromErrno(path: path, action: "map")
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  /// A file's content that is in memory already, as if it were mapped from `path`.
  package init(_ path: String, content: [UInt8]) {
    self.path = path
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 64)
    memory.copyBytes(from: content)
    bytes = UnsafeRawBufferPointer(memory)
    isMapped = false
  }

  /// Gives back the memory of a part that was read and is not needed soon: whoever touches it again has it read again.
  /// - Parameter part: a part of `bytes`.
  package func release(_ part: UnsafeRawBufferPointer) {
    guard isMapped, let start = part.baseAddress else { return }
    let page = Int(getpagesize())
    let first = (Int(bitPattern: start) + page - 1) / page * page
    let end = (Int(bitPattern: start) + part.count) / page * page
    if let address = UnsafeMutableRawPointer(bitPattern: first), first < end {
      // A refusal costs memory only.
      madvise(address, end - first, MADV_DONTNEED)
    }
  }

  deinit {
    guard let start = bytes.baseAddress else { return }
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    } else {
      UnsafeMutableRawPointer(mutating: start).deallocate()
    }
  }
}
