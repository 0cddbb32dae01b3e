import Files
import Foundation

/// A folder locked against other processes, until this is released or the process ends.
final class DirectoryLock {
  private let path: String
  private let descriptor: Int32

  /// - Throws: `RunError.locked`, `FileError`.
  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "open") }
    // The lock is on the folder itself, so that no lock file is left among the results.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      if errno == EWOULDBLOCK { throw RunError.locked(directory: path) }
      throw FileError.fromErrno(path: path, action: "lock")
    }
  }

  /// Flushes the names of new and removed files to disk.
  func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
  }

  deinit { close(descriptor) }
}
