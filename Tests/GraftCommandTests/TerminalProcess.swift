import Foundation
import Testing

/// A graft process whose streams are a terminal, 100 columns wide.
enum TerminalProcess {
  /// What the process wrote to the terminal, and how it ended.
  static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> (status: Int32, screen: String) {
    var (leader, follower): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
    var settings = termios()
    cfmakeraw(&settings)
    let opened = openpty(&leader, &follower, nil, &settings, &size)
    try #require(opened == 0)
    defer { close(leader) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = arguments
    process.environment = GraftProcess.environment(adding: environment)
    let terminal = FileHandle(fileDescriptor: follower, closeOnDealloc: false)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = terminal
    process.standardError = terminal
    try process.run()
    close(follower)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = read(leader, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }
}
