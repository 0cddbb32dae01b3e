import Foundation

/// A new file beside the one that it replaces, removed unless it is committed.
final class TemporaryFile {
  let descriptor: Int32
  /// The file to replace; not a symbolic link.
  private let target: String
  private let temporary: String
  private var isOpen = true
  private var isThere = true

  private static let suffix = ".partial"
  private static let digits = 16

  /// Whether a name is that of a temporary file: a target's name, 16 digits and ".partial".
  static func isName(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard name.hasSuffix(suffix), parts.count >= 3, let middle = String(parts[parts.count - 2]) else { return false }
    return UInt64(middle, radix: 16).map { hexadecimal($0) == middle } ?? false
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }

  /// - Parameter path: the name for errors.
  /// - Throws: `FileError`.
  init(replacing target: String, path: String) throws {
    self.target = target
    let (folder, name) = (OutputTarget.folder(of: target), target.split(separator: "/").last ?? "")
    // A name may have 255 bytes; a scalar has at most 4.
    let start = folder + "/" + (name.utf8.count > 200 ? String(name.unicodeScalars.prefix(50)) : String(name))
    var attempts = 100
    var found: (name: String, descriptor: Int32)
    repeat {
      // An unpredictable name, so that no link can be put there first and no two processes share one.
      let name = start + "." + Self.hexadecimal(.random(in: .min ... .max)) + Self.suffix
      let descriptor = UnfinishedFiles.creating(name) {
        open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      }
      found = (name, descriptor)
      attempts -= 1
    } while found.descriptor < 0 && errno == EEXIST && attempts > 0
    guard found.descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "create") }
    (temporary, descriptor) = found
    keepOwnerAndPermissions()
  }

  /// Flushes to disk and renames over the target. Throws `FileError`; then the target is unchanged and the new file
  /// removed.
  func commit(path: String) throws {
    do {
      var status = stat()
      // The target may have become another kind of file in the meantime, which is not replaced either.
      if lstat(target, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        throw FileError.notWritable(path: path, expected: "the file that stood there", found: "something else")
      }
      guard fsync(descriptor) == 0, closeOnce() == 0, rename(temporary, target) == 0 else {
        throw FileError.fromErrno(path: path, action: "write")
      }
    } catch {
      discard()
      throw error
    }
    isThere = false
    UnfinishedFiles.remove(temporary, final: path)
  }

  /// A file that is replaced keeps its permissions, and for the superuser its owner.
  private func keepOwnerAndPermissions() {
    var status = stat()
    guard stat(target, &status) == 0 else { return }
    _ = fchown(descriptor, status.st_uid, status.st_gid)
    _ = fchmod(descriptor, status.st_mode & 0o7777)
  }

  private func closeOnce() -> Int32 {
    guard isOpen else { return 0 }
    isOpen = false
    return close(descriptor)
  }

  private func discard() {
    _ = closeOnce()
    guard isThere else { return }
    isThere = false
    unlink(temporary)
    UnfinishedFiles.remove(temporary)
  }

  deinit { discard() }
}
