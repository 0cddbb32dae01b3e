import Files
import Foundation

/// The lock that clients hold while they download a blob, the Python client among them: `flock` on a file of its own.
/// Released when this goes or the process ends, however it ends.
final class BlobLock {
  private let descriptor: Int32

  /// Waits for the lock.
  /// - Parameter wait: called between attempts; what it throws ends the waiting.
  /// - Throws: `FileError`; what `wait` throws.
  init(_ path: String, wait: () throws -> Void) throws {
    while true {
      let descriptor = try Self.open(path)
      do {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
          // A file system without locks: what is written is checked and put in place at once, so two downloads of a file
          // cost time and nothing else.
          guard errno == EWOULDBLOCK || errno == EINTR else { break }
          try wait()
        }
      } catch {
        close(descriptor)
        throw error
      }
      if Self.isStill(descriptor, at: path) {
        self.descriptor = descriptor
        return
      }
      // Another process removed the file as it released the lock; who comes next locks a new one.
      close(descriptor)
    }
  }

  deinit { close(descriptor) }

  private static func open(_ path: String) throws -> Int32 {
    // Others who share the cache must be able to lock it, too.
    var descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o664)
    if descriptor < 0, errno == EACCES { descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "lock") }
    return descriptor
  }

  private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
    var (mine, there) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino
      && mine.st_dev == there.st_dev
  }
}
