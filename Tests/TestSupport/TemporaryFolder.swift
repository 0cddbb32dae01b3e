import Foundation

/// A new folder for the files of one test, removed with everything in it when the last reference goes.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/graft-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// The path of the file `name`, whether it exists or not.
  public func path(_ name: String) -> String { path + "/" + name }

  /// Writes a file, making its folder where needed, and gives its path.
  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    // Truncating an old file makes some file systems wait for the disk, and would remove the pages of a mapping.
    try? FileManager.default.removeItem(at: url)
    try Data(bytes).write(to: url)
    return path(name)
  }

  /// Writes a text as UTF-8; see `write(_:to:)`.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  /// The bytes of a file.
  public func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path(name)))) }

  /// The names of what the folder holds, or one within it, sorted.
  public func names(_ name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
