import Files
import Foundation
import TestSupport
import Testing

/// What one run of the executable left behind.
struct GraftRun {
  let status: Int32
  let outputBytes: [UInt8]
  let error: String

  var output: String { String(decoding: outputBytes, as: UTF8.self) }
  /// Whether standard error holds notes at most: no progress and no failure.
  var hasOnlyNotes: Bool { error.split(separator: "\n").allSatisfy { $0.hasPrefix("graft: note: ") } }

  /// The object on standard output.
  func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONNode {
    try #require(status == 0, "\(error)", sourceLocation: sourceLocation)
    return JSONNode(try JSON.parse(output, path: "standard output"), path: "standard output")
  }
}

/// Runs the built executable as a process of its own.
enum GraftProcess {
  private final class Marker {}

  /// The folder of the build: the executable lies beside the test bundle.
  static let executable: String? = {
    let bundle = Bundle(for: Marker.self).bundleURL
    let folders = [Bundle.main.executableURL?.deletingLastPathComponent(), bundle, bundle.deletingLastPathComponent()]
    return folders.compactMap { $0?.appendingPathComponent("graft").path }
      .first { FileManager.default.isExecutableFile(atPath: $0) && $0.hasSuffix("/graft") }
  }()

  /// The environment of a command: PATH, HOME, no hub and no cache of one, and what is added. Nothing that the tests run under.
  static func environment(adding variables: [String: String] = [:]) -> [String: String] {
    ["HF_HUB_OFFLINE": "1", "HF_HOME": "/no-such-cache"]
      .merging(ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }) { $1 }
      .merging(variables) { $1 }
  }

  /// - Parameters:
  ///   - input: standard input; empty when nil.
  ///   - environment: variables that are added; the process sees no others but PATH and HOME.
  ///   - output: an existing file that takes standard output.
  ///   - installed: a copy of the executable to run in place of that of the build.
  ///   - fileBlocks: the most blocks of 512 bytes a file may have: a full disk, to the process.
  static func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], fileBlocks: Int? = nil,
    directory: String? = nil, output: String? = nil, installed: String? = nil
  ) throws -> GraftRun {
    let folder = try TemporaryFolder()
    let process = Process()
    let executable = try #require(installed ?? self.executable, "no graft beside the tests")
    if let fileBlocks {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "ulimit -f \(fileBlocks); exec \"$0\" \"$@\"", executable] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: executable)
      process.arguments = arguments
    }
    process.environment = Self.environment(adding: environment)
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    process.standardInput = FileHandle(forReadingAtPath: try folder.write(input, to: "input"))
    process.standardOutput = FileHandle(forWritingAtPath: try output ?? folder.write("", to: "output"))
    process.standardError = FileHandle(forWritingAtPath: try folder.write("", to: "error"))
    try process.run()
    process.waitUntilExit()
    return GraftRun(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      outputBytes: output == nil ? try folder.bytes("output") : [],
      error: String(decoding: try folder.bytes("error"), as: UTF8.self))
  }

  static func run(_ arguments: String...) throws -> GraftRun { try run(arguments) }
}

/// Files of the repository that tests read.
enum Repository {
  static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static func fixture(_ name: String) -> String { "\(path)/Tests/TransformerTests/Fixtures/\(name)" }
  static func model(_ name: String) -> String { "\(path)/models/\(name)" }

  /// The schema of what a command prints with `--json`, such as "experiment stitch --point".
  static func schema(_ command: String) throws -> JSONSchema {
    try JSONSchema(JSON.read("\(path)/docs/schemas/\(schemaFile(command))"))
  }

  /// "experiment stitch --point" to "experiment-stitch-point.json".
  static func schemaFile(_ command: String) -> String {
    command.replacing(" --", with: "-").replacing(" ", with: "-") + ".json"
  }
}

extension JSONNode {
  func ints() throws -> [Int] { try array().map { try $0.int() } }
  /// An element of an array, which must have it.
  func item(_ index: Int) throws -> JSONNode {
    let items = try array()
    return try #require(items.indices.contains(index) ? items[index] : nil, "\(location): no item \(index)")
  }

  func doubles() throws -> [Double] { try array().map { try $0.double() } }
  func strings() throws -> [String] { try array().map { try $0.string() } }
}
