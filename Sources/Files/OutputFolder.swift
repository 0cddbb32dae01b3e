import Foundation

/// A folder that files are written into.
package enum OutputFolder {
  /// Creates the folder and its missing parents. A symbolic link is followed, also to a folder that does not exist yet.
  /// - Throws: `FileError`.
  package static func create(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw refusal(path, found: "no folder") }
      return
    }
    guard errno == ENOENT else { throw FileError.fromErrno(path: path, action: "create the folder") }
    guard !path.isEmpty else { throw refusal(path, found: "an empty name") }
    let place = try freeName(path)
    let parent = OutputTarget.folder(of: place)
    if parent != place { try create(parent) }
    guard mkdir(place, 0o777) == 0 || errno == EEXIST else {
      throw FileError.fromErrno(path: path, action: "create the folder")
    }
  }

  /// Checks that files can be written into the folder, before long work. Changes nothing.
  /// - Throws: `FileError`.
  package static func check(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw refusal(path, found: "no folder") }
      guard access(path, W_OK | X_OK) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
      return
    }
    guard errno == ENOENT else { throw FileError.fromErrno(path: path, action: "create the folder") }
    guard !path.isEmpty else { throw refusal(path, found: "an empty name") }
    let parent = OutputTarget.folder(of: try freeName(path))
    do { try check(parent) } catch let error as FileError {
      throw FileError.system(path: path, action: "create the folder", reason: "\(error)")
    }
  }

  /// Whether a name is that of a temporary file, which only a killed process leaves behind.
  package static func isLeftover(_ name: String) -> Bool { TemporaryFile.isName(name) }

  /// Removes temporary files that a killed process left. Only for a folder that no other process is writing into.
  package static func removeLeftovers(in path: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for name in names where isLeftover(name) { unlink(path + "/" + name) }
  }

  /// The name, without a final slash, of the folder to create so that `path` leads to it.
  private static func freeName(_ path: String) throws -> String {
    withoutSlash(try OutputTarget.followingLinks(withoutSlash(path), path: path))
  }

  private static func withoutSlash(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private static func refusal(_ path: String, found: String) -> FileError {
    .notWritable(path: path, expected: "a folder or a free name", found: found)
  }
}
