import Foundation
import Hub
import Synchronization
import TestSupport

/// A hub with one repository, and a cache of its own for the client.
struct TinyHub {
  let hub: HubServer
  let folder: TemporaryFolder
  let repository: HubServer.Repository
  var settings: HubSettings
  /// The seconds that the client slept, all added.
  let slept = Seconds()

  final class Seconds: Sendable {
    private let value = Mutex(0.0)
    var total: Double { value.withLock { $0 } }
    func add(_ seconds: Double) { value.withLock { $0 += seconds } }
  }

  static let commit = String(repeating: "a1", count: 20)

  /// Bytes without a pattern that a shift would leave alike.
  static func bytes(_ count: Int, seed: UInt32 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
  }

  static let files: [String: [UInt8]] = [
    "config.json": Array(#"{"model_type": "bert"}"#.utf8), "vocab.txt": Array("[PAD]\nword\n".utf8),
    "tokenizer.json": Array("{}".utf8), "README.md": Array("---\nlicense: mit\n---\n".utf8), ".gitattributes": [65],
    "model.safetensors": bytes(300_000), "pytorch_model.bin": bytes(1000), "tf_model.h5": bytes(1000),
    "training_args.bin": bytes(100), "onnx/model.onnx": bytes(100), "runs/events:0": bytes(10),
  ]

  init(
    files: [String: [UInt8]] = Self.files, large: Set<String> = ["model.safetensors"],
    environment: [String: String] = [:],
    change: (inout HubServer.Repository) -> Void = { _ in }
  ) throws {
    folder = try TemporaryFolder()
    var repository = HubServer.Repository("o/n", commit: Self.commit, files: files, large: large)
    change(&repository)
    self.repository = repository
    hub = try HubServer(repository)
    settings = HubSettings(environment: environment.merging(["HOME": folder.path]) { $1 })
    settings.cacheFolder = folder.path("hub")
    settings.endpoint = hub.endpoint
    settings.retry.pause = { [slept] in slept.add($0) }
  }

  func pull(_ name: String = "o/n", progress: @escaping (HubProgress) throws -> Void = { _ in }) throws -> HubSnapshot {
    try Hub.pull(HubName(name), settings: settings, progress: progress)
  }

  func resolve(_ name: String = "o/n", offline: Bool = false) throws -> HubSnapshot {
    try Hub.resolve(HubName(name), offline: offline, settings: settings)
  }

  /// What is below the cache's folder: each file's path, and what a link says.
  func cached() -> [String: String?] {
    var found: [String: String?] = [:]
    let root = folder.path("hub")
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
      switch Endpoints.kind(root + "/" + path) {
      case "link": found.updateValue(CacheFolder.linkText(root + "/" + path), forKey: path)
      case "folder": break
      default: found.updateValue(nil, forKey: path)
      }
    }
    return found
  }

  func bytes(_ file: String, commit: String = Self.commit) throws -> [UInt8] {
    try folder.bytes("hub/models--o--n/snapshots/\(commit)/\(file)")
  }

  var weightsETag: String { HubServer.etag(Self.files["model.safetensors"] ?? [], isLarge: true) }
  var weightsBlob: String { "hub/models--o--n/blobs/" + weightsETag }

  /// Requests, as "GET /path".
  var asked: [String] { hub.server.requests.map { "\($0.method) \($0.path)" } }
}
