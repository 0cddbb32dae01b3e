import Foundation

/// What can go wrong with a file. Every case names the file and says what was expected, found, and what to do.
public enum FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No file at `path`.
  case missing(path: String)
  /// The operating system refused `action` ("open", "read", "map", "write"...) on the file.
  case system(path: String, action: String, reason: String)
  /// `path` cannot be written this way, such as a socket, or a folder in place of a file.
  case notWritable(path: String, expected: String, found: String)
  /// The reader of the pipe at `path` went away before all was written.
  case closed(path: String)
  /// The file is there but its content is not what it must be. `location` is a line, byte offset, key or tensor.
  case malformed(path: String, location: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .missing(let path):
      return "\(path): no such file"
    case .system(let path, let action, let reason):
      return "\(path): cannot \(action): \(reason)"
    case .notWritable(let path, let expected, let found):
      return "\(path): cannot write: expected \(expected), found \(found); give another path"
    case .closed(let path):
      return "\(path): cannot write: its reader went away; what was written so far is not complete"
    case .malformed(let path, let location, let expected, let found):
      let place = location.isEmpty ? "" : " (\(location))"
      return "\(path)\(place): expected \(expected), found \(found)"
    }
  }

  /// The error for the current `errno`.
  public static func fromErrno(path: String, action: String) -> FileError {
    let code = errno
    if code == ENOENT { return .missing(path: path) }
    let hint = code == ENOSPC || code == EFBIG || code == EDQUOT ? "; free some space or choose another place" : ""
    return .system(path: path, action: action, reason: String(cString: strerror(code)) + hint)
  }
}
