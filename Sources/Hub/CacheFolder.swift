import Files
import Foundation

/// Reading and writing below the cache's folder so that no name and no link leads a write out of it.
package struct CacheFolder: Sendable {
  /// The cache's folder, as it was given.
  package let root: String

  package init(_ root: String) { self.root = root }

  /// The path of a name below the root.
  package func path(_ components: [String]) -> String { ([root] + components).joined(separator: "/") }

  /// Makes a folder below the root and those between, where they are not there.
  /// - Returns: its path.
  /// - Throws: `HubError.leavesCache` where a link on the way leads out of the root; `FileError`.
  package func create(_ components: [String]) throws -> String {
    try OutputFolder.create(root)
    let realRoot = try Self.realPath(root)
    var path = root
    for component in components {
      path += "/" + component
      var status = stat()
      if lstat(path, &status) != 0 {
        guard errno == ENOENT else { throw FileError.fromErrno(path: path, action: "create the folder") }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
          throw FileError.fromErrno(path: path, action: "create the folder")
        }
      } else if status.st_mode & S_IFMT == S_IFLNK {
        let target = try Self.realPath(path)
        guard target == realRoot || target.hasPrefix(realRoot == "/" ? "/" : realRoot + "/") else {
          throw HubError.leavesCache(path: path, target: target)
        }
      } else if status.st_mode & S_IFMT != S_IFDIR {
        throw FileError.notWritable(path: path, expected: "a folder or a free name", found: "no folder")
      }
    }
    return path
  }

  /// Replaces a small file, or makes it, so that a reader sees the old or the new one.
  /// - Throws: `FileError`, `HubError.leavesCache`.
  package func write(_ text: String, folder: [String], name: String) throws {
    let path = try create(folder) + "/" + name
    if let old = try Self.smallFile(path, limit: 1 << 16), old.elementsEqual(text.utf8) { return }
    let temporary = "\(path).\(Self.randomName()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError.fromErrno(path: path, action: "write") }
    let written = Array(text.utf8).withUnsafeBytes { Descriptor.write($0, to: descriptor) }
    guard close(descriptor) == 0, written, rename(temporary, path) == 0 else {
      let error = FileError.fromErrno(path: path, action: "write")
      unlink(temporary)
      throw error
    }
  }

  /// Makes an empty file where there is none.
  /// - Throws: `FileError`, `HubError.leavesCache`.
  package func touch(folder: [String], name: String) throws {
    let path = try create(folder) + "/" + name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      if errno == EEXIST { return }
      throw FileError.fromErrno(path: path, action: "write")
    }
    close(descriptor)
  }

  /// Makes a symbolic link with this text, in place of a link that stands there.
  /// - Throws: `FileError`, `HubError.leavesCache`.
  package func link(_ text: String, folder: [String], name: String) throws {
    let path = try create(folder) + "/" + name
    if Self.linkText(path) == text { return }
    let temporary = "\(path).\(Self.randomName()).tmp"
    guard symlink(text, temporary) == 0 else { throw FileError.fromErrno(path: path, action: "make the link") }
    guard rename(temporary, path) == 0 else {
      let error = FileError.fromErrno(path: path, action: "make the link")
      unlink(temporary)
      throw error
    }
  }

  /// What a symbolic link says; nil where there is none.
  package static func linkText(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  /// The bytes of a regular file, links followed; nil where there is none.
  /// - Throws: `HubError.damagedCache` for more than `limit` bytes or no regular file; `FileError`.
  package static func smallFile(_ path: String, limit: Int) throws -> [UInt8]? {
    do {
      let file = try MappedFile(path)
      guard file.bytes.count <= limit else {
        throw HubError.damagedCache(path: path, expected: "at most \(limit) bytes", found: "\(file.bytes.count)")
      }
      return withExtendedLifetime(file) { Array(file.bytes) }
    } catch FileError.missing {
      return nil
    }
  }

  /// Size of a regular file, links followed; nil where there is none.
  package static func size(_ path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Bytes that can be written to the file system of a folder; nil where it does not say.
  static func freeSpace(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? Int.max : Int(clamping: bytes)
  }

  private static func randomName() -> String { String(UInt32.random(in: .min ... .max), radix: 16) }

  private static func realPath(_ path: String) throws -> String {
    guard let pointer = realpath(path, nil) else { throw FileError.fromErrno(path: path, action: "open") }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
