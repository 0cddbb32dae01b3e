import Explorer
import Files
import Foundation
import Synchronization
import TestSupport
import Transformer

/// A server that answers as long as this lives.
final class RunningExplorer: Sendable {
  let client: ExplorerClient
  private let task: Task<Void, any Error>
  private let lines: Lines

  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  static let models =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path + "/models/"

  static func model(_ name: String) throws -> Model { try Model(directory: models + name) }

  /// The usual limits, with time for clients of a machine that has no processor free for them.
  static let patient: ServerLimits = {
    var limits = ServerLimits()
    (limits.headSeconds, limits.bodySeconds, limits.writeSeconds) = (60, 60, 60)
    return limits
  }()

  convenience init(_ names: String..., limits: ServerLimits = patient) throws {
    try self.init(names.map { try ExploredModel(Self.model($0), argument: $0, limits: limits) }, limits: limits)
  }

  init(_ models: [ExploredModel], limits: ServerLimits = patient) throws {
    let lines = Lines()
    let server = try ExplorerServer(
      models, host: SocketHost("127.0.0.1")!, port: 0, version: "0.0.0", limits: limits
    ) { line in lines.all.withLock { $0.append(line) } }
    client = try ExplorerClient(server.address)
    self.lines = lines
    task = server.start()
  }

  /// What the server has logged.
  var log: [String] { lines.all.withLock { $0 } }

  deinit { task.cancel() }
}
