import Foundation

/// A folder of its own for a test, removed at the end.
final class TestFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "graft-evaluation-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with its parent folders; returns its path.
  @discardableResult
  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

  /// The bytes of every file in the folder, by name.
  func contents() throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      contents[name] = Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    }
    return contents
  }
}

/// A file of the embedded IMDB sample.
func embedded(_ name: String, here: String = #filePath) -> String {
  URL(fileURLWithPath: here).deletingLastPathComponent().appendingPathComponent("../../evaluation/imdb/\(name)")
    .standardizedFileURL.path
}

/// A file that evaluation/dataset_fixtures.py wrote.
func fixture(_ name: String, here: String = #filePath) -> String {
  URL(fileURLWithPath: here).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
}

/// The error `body` throws, as text; empty when it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return "\(error)"
  }
}
