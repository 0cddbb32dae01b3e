import Files
import Foundation
import TestSupport

/// A copy of a small checkpoint of Fixtures/checkpoints with other settings.
struct ChangedCheckpoint {
  let folder: TemporaryFolder
  var path: String { folder.path("model") }

  /// - Parameters:
  ///   - config: members of config.json to set; nil removes one.
  ///   - files: other files of the folder, by name.
  init(_ fixture: String, config changes: [String: JSON?] = [:], files: [String: String] = [:]) throws {
    folder = try TemporaryFolder()
    let source = "\(Repository.path)/Tests/GraftCommandTests/Fixtures/checkpoints/\(fixture)"
    try FileManager.default.copyItem(atPath: source, toPath: folder.path("model"))
    var members = try JSONNode.read(path + "/config.json").members()
    for (key, value) in changes {
      members.removeAll { $0.key == key }
      if let value { members.append(JSON.Member(key, value)) }
    }
    try Data(JSON.object(members).serialized().utf8).write(to: URL(fileURLWithPath: path + "/config.json"))
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
  }

  /// Runs `graft COMMAND MODEL OPTIONS`.
  func run(_ command: String, _ options: String...) throws -> GraftRun {
    try GraftProcess.run([command, path] + options)
  }
}
