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
    // The lock is on the folder itself, so that no lock file is left among the results. `isHeld` has it for a moment.
    var retries = 20
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { throw FileError.fromErrno(path: path, action: "lock") }
      guard retries > 0 else { throw RunError.locked(directory: path) }
      retries -= 1
      usleep(5000)
    }
  }

  /// Whether a process of this machine has the folder locked; false for one that cannot be opened.
  static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Flushes the names of new and removed files to disk.
  func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
  }

  deinit { close(descriptor) }
}
