import Foundation

/// Files of the package that tests read.
enum Places {
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static func fixture(_ name: String) -> String { package + "/Tests/StitchingTests/Fixtures/" + name }
  static func tiny(_ name: String) -> String { package + "/Tests/TransformerTests/Fixtures/tiny/" + name }
  static func model(_ name: String) -> String { package + "/models/" + name }
  static let reviews = package + "/evaluation/imdb/test.jsonl"
  static let referenceIDs = package + "/evaluation/imdb/reference.txt"

  /// A new empty folder.
  static func temporaryFolder() throws -> String {
    let folder = NSTemporaryDirectory() + "graft-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }
}
