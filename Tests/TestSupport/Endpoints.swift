import Foundation

/// What can be at a path beside files and folders, created by any user.
public enum Endpoints {
  /// What is at a path: "file", "folder", "pipe", "device", "link", "socket", "block"; nil for nothing.
  public static func kind(_ path: String) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return "file"
    case S_IFDIR: return "folder"
    case S_IFIFO: return "pipe"
    case S_IFCHR: return "device"
    case S_IFLNK: return "link"
    case S_IFSOCK: return "socket"
    case S_IFBLK: return "block"
    default: return nil
    }
  }

  /// Binds a socket to a path; it stays there after the socket is closed. A socket's path may have about 100 bytes.
  public static func makeSocket(_ path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Failure(call: "bind") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    defer { close(descriptor) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw Failure(call: "bind") }
  }

  /// A device that is always full: one of our own for the superuser, who could replace the system's, else the system's.
  public static func fullDevice(in folder: TemporaryFolder) throws -> String {
    let own = folder.path("full")
    if mknod(own, S_IFCHR | 0o666, dev_t(1 << 8 | 7)) == 0 { return own }
    guard access("/dev/full", W_OK) == 0 else { throw Failure(call: "mknod") }
    return "/dev/full"
  }

  public struct Failure: Error {
    let call: String
    let code = errno
  }
}

/// A named pipe and all that is written to it.
public final class PipeReader: @unchecked Sendable {
  private let thread: Thread
  private let done = DispatchSemaphore(value: 0)
  private let result = Collected()

  /// Creates the pipe and reads from it on a thread of its own until its writers are gone.
  public init(_ path: String) throws {
    guard mkfifo(path, 0o600) == 0 else { throw Endpoints.Failure(call: "mkfifo") }
    thread = Thread { [result, done] in
      let descriptor = open(path, O_RDONLY)
      result.readAll(descriptor)
      close(descriptor)
      done.signal()
    }
    thread.start()
  }

  /// Waits for the end of what was written; nil when there is none within the time.
  public func bytes(seconds: Double = 60) -> [UInt8]? {
    done.wait(timeout: .now() + seconds) == .success ? result.bytes : nil
  }
}

/// A pseudo-terminal: a character device that any user can create.
public final class PseudoTerminal: @unchecked Sendable {
  /// The device that a program writes to.
  public let path: String
  private let leader: Int32
  private let follower: Int32
  private let result = Collected()

  public init() throws {
    var (leader, follower): (Int32, Int32) = (-1, -1)
    var settings = termios()
    // The second descriptor is held open, so that what was written stays readable after its writer has gone.
    guard openpty(&leader, &follower, nil, nil, nil) == 0, let name = ttyname(follower),
      tcgetattr(follower, &settings) == 0
    else { throw Endpoints.Failure(call: "openpty") }
    (self.leader, self.follower) = (leader, follower)
    path = String(cString: name)
    // Bytes then pass unchanged.
    cfmakeraw(&settings)
    guard tcsetattr(follower, TCSANOW, &settings) == 0 else { throw Endpoints.Failure(call: "tcsetattr") }
    Thread { [leader, result] in result.readAll(leader) }.start()
  }

  /// All bytes so far, once there are `count` of them or the time is over.
  public func bytes(_ count: Int, seconds: Double = 20) -> [UInt8] {
    let end = Date(timeIntervalSinceNow: seconds)
    while result.bytes.count < count, Date() < end { usleep(2000) }
    return result.bytes
  }

  deinit {
    close(follower)
    close(leader)
  }
}

private final class Collected: @unchecked Sendable {
  private let lock = NSLock()
  private var collected: [UInt8] = []

  var bytes: [UInt8] { lock.withLock { collected } }

  func readAll(_ descriptor: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      lock.withLock { collected += buffer[..<count] }
    }
  }
}
