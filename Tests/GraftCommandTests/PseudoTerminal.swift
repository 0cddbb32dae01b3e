import Foundation
import Testing

/// A graft process whose streams are a terminal, 100 columns wide.
enum PseudoTerminal {
  /// What the process wrote to the terminal, and how it ended.
  static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> (status: Int32, screen: String) {
    let (primary, secondary) = try pair()
    defer { close(primary) }
    var size = winsize(ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(secondary, UInt(TIOCSWINSZ), &size)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = arguments
    process.environment = GraftProcess.environment(adding: environment)
    let terminal = FileHandle(fileDescriptor: secondary, closeOnDealloc: false)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = terminal
    process.standardError = terminal
    try process.run()
    close(secondary)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = read(primary, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }

  /// The two ends of a new terminal.
  private static func pair() throws -> (primary: Int32, secondary: Int32) {
    let primary = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(primary >= 0)
    #if os(Linux)
      // Glibc's unlockpt and ptsname are hidden from Swift: TIOCSPTLCK and TIOCGPTN.
      var (lock, number): (Int32, Int32) = (0, 0)
      try #require(ioctl(primary, 0x4004_5431, &lock) == 0 && ioctl(primary, 0x8004_5430, &number) == 0)
      let name = "/dev/pts/\(number)"
    #else
      try #require(grantpt(primary) == 0 && unlockpt(primary) == 0)
      let name = String(cString: try #require(ptsname(primary)))
    #endif
    let secondary = open(name, O_RDWR | O_NOCTTY)
    try #require(secondary >= 0)
    return (primary, secondary)
  }
}
