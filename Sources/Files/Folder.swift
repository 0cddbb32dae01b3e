import Foundation

/// Folders that are read.
package enum Folder {
  /// Whether a folder stands there, links followed.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
