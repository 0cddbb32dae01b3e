import Files
import Foundation
import Tokenization

/// The files of Fixtures and of the embedded models.
enum Fixture {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures"
  static let models =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    + "/models"

  static func path(_ parts: String...) -> String { ([directory] + parts).joined(separator: "/") }

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path)
    return withExtendedLifetime(file) { Array(file.bytes) }
  }

  /// A fixture folder, or an embedded model's.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer.load(directory: name.hasPrefix("imdb-") ? models + "/" + name : path(name), modelType: nil)
  }

  /// The torture list: texts as bytes.
  static func tortureCases() throws -> [[UInt8]] {
    try JSONNode.read(path("torture.json")).array().map { hex(try $0.string()) }
  }

  static func reviews() throws -> [ArraySlice<UInt8>] {
    try bytes(path("reviews.txt")).split(separator: UInt8(ascii: "\n"))
  }

  /// Those of evaluation/imdb, test.jsonl first, with spaces for line feeds.
  static func embeddedReviews() throws -> [String] {
    try ["test", "train"].flatMap { split in
      let path = models + "/../evaluation/imdb/\(split).jsonl"
      return try bytes(path).split(separator: UInt8(ascii: "\n")).map { line in
        let review = JSONNode(try JSON.parse(String(decoding: line, as: UTF8.self), path: path), path: path)
        return try review["text"].string().replacing("\n", with: " ")
      }
    }
  }

  static func integers(_ node: JSONNode) throws -> [Int] { try node.array().map { try $0.int() } }

  private static func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}

/// A folder under the system's temporary one, removed with this object.
final class TemporaryFolder {
  let path: String

  /// - Parameter files: what to write into it, by name.
  init(_ files: [String: [UInt8]] = [:]) throws {
    path = FileManager.default.temporaryDirectory.path + "/graft-tokenization-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, bytes) in files { try write(name, bytes) }
  }

  convenience init(_ files: [String: String]) throws { try self.init(files.mapValues { Array($0.utf8) }) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: path + "/" + name))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
