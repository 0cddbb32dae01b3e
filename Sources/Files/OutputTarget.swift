import Foundation

/// What an output path refers to. Determining it opens and changes nothing.
package enum OutputTarget: Equatable, Sendable {
  /// A regular file, or a name that is free. `path` is where the last symbolic link leads.
  case file(path: String)
  /// A pipe or a character device, which bytes are written to directly.
  case device(path: String)
  /// A descriptor of the process, by a name such as /dev/stdout or /dev/fd/3. It is written at its current position: a
  /// file behind it may hold other text already.
  case descriptor(Int32)

  /// The path of standard output.
  package static let standardOutput = "/dev/stdout"

  /// Follows symbolic links, relative ones from the folder of the link.
  /// - Throws: `FileError` for a folder, a socket, a block device, a loop of links, or a name in no folder.
  package init(_ path: String) throws {
    let place = try Self.followingLinks(path, path: path)
    var status = stat()
    if let number = Self.descriptor(named: place) {
      self = .descriptor(number)
    } else if lstat(place, &status) == 0 {
      self = try Self.existing(place, status, path: path)
    } else {
      self = try Self.missing(place, path: path)
    }
  }

  /// Where the symbolic links that begin at a path lead, whether or not it exists.
  /// - Parameter path: the name for errors.
  /// - Throws: `FileError` for a loop.
  static func followingLinks(_ start: String, path: String) throws -> String {
    var place = start
    // As many links as Linux follows.
    for _ in 0...40 {
      var status = stat()
      guard descriptor(named: place) == nil, lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else {
        return place
      }
      place = try destination(ofLink: place, path: path)
    }
    errno = ELOOP
    throw FileError.fromErrno(path: path, action: "write")
  }

  /// Checks that the target can be opened for writing, as far as is possible without opening it.
  /// - Throws: `FileError`.
  package func check(path: String) throws {
    switch self {
    case .descriptor(let number):
      let flags = fcntl(number, F_GETFL)
      guard flags >= 0, flags & O_ACCMODE != O_RDONLY else {
        errno = EBADF
        throw FileError.fromErrno(path: path, action: "write")
      }
    case .device(let place):
      guard access(place, W_OK) == 0 else { throw FileError.fromErrno(path: path, action: "write") }
    case .file(let place):
      guard access(place, F_OK) != 0 || access(place, W_OK) == 0 else {
        throw FileError.fromErrno(path: path, action: "write")
      }
      guard access(Self.folder(of: place), W_OK | X_OK) == 0 else {
        throw FileError.system(
          path: path, action: "create", reason: "its folder cannot be written: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// The folder of the file at a path.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func refusal(_ path: String, found: String) -> FileError {
    .notWritable(path: path, expected: "a file, a pipe or a character device", found: found)
  }

  private static func missing(_ place: String, path: String) throws -> OutputTarget {
    guard errno == ENOENT else { throw FileError.fromErrno(path: path, action: "write") }
    var status = stat()
    // What another process has open exists although no link text leads to it.
    if stat(path, &status) == 0 { return try existing(path, status, path: path) }
    guard !place.isEmpty, !place.hasSuffix("/") else {
      throw refusal(path, found: place.isEmpty ? "an empty name" : "the name of a folder")
    }
    guard stat(folder(of: place), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      // The folder is missing, not the file.
      throw FileError.system(path: path, action: "create", reason: "its folder does not exist")
    }
    return .file(path: place)
  }

  private static func existing(_ place: String, _ status: stat, path: String) throws -> OutputTarget {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file(path: place)
    case S_IFIFO, S_IFCHR: return .device(path: place)
    case S_IFDIR: throw refusal(path, found: "a folder")
    case S_IFSOCK: throw refusal(path, found: "a socket")
    case S_IFBLK: throw refusal(path, found: "a block device")
    default: throw refusal(path, found: "something else")
    }
  }

  private static func destination(ofLink place: String, path: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink(place, $0, bytes.count) } ?? -1
    }
    guard count > 0 else { throw FileError.fromErrno(path: path, action: "write") }
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    return text.hasPrefix("/") ? text : folder(of: place) + "/" + text
  }

  private static func descriptor(named path: String) -> Int32? {
    switch path {
    case "/dev/stdin": return STDIN_FILENO
    case standardOutput: return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      let folders = ["/dev/fd/", "/proc/self/fd/", "/proc/\(getpid())/fd/"]
      return folders.lazy.compactMap { path.hasPrefix($0) ? Int32(path.dropFirst($0.count)) : nil }.first { $0 >= 0 }
    }
  }
}
