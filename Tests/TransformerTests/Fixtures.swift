import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Transformer

/// The models under Fixtures and their expected results.
enum Fixtures {
  /// A directory of a model and the file with its expected results.
  struct Golden: Sendable, CustomStringConvertible {
    let description: String
    let model: String
    let expected: String
  }

  static let tiny = ["bert", "bert-classifier", "bert-wide", "gpt2", "gpt2-mean-classifier", "gpt2-wide"]
    .map { golden("tiny/" + $0) }

  static let variants = [
    "bert-base-only", "bert-bfloat16", "bert-float16", "bert-float64", "bert-gamma-beta", "bert-gelu-new",
    "bert-model-prefix", "bert-odd-sizes", "bert-sharded", "bert-three-labels", "bert-three-types", "bert-untied",
    "distilbert", "distilbert-base-only", "distilbert-three-labels",
    "gpt2-base-only", "gpt2-bfloat16", "gpt2-float16", "gpt2-last-token-classifier", "gpt2-odd-sizes", "gpt2-sharded",
    "gpt2-stored-masks", "gpt2-unscaled", "gpt2-untied",
    "roberta", "roberta-base-only", "roberta-other-padding", "roberta-three-labels",
  ].map { golden("variants/" + $0) }

  /// The embedded models.
  static let trained = ["imdb-bert-1", "imdb-bert-1-sentiment", "imdb-gpt2-narrow", "imdb-gpt2-narrow-sentiment"]
    .map { Golden(description: $0, model: repository + "/models/" + $0, expected: expected("trained/" + $0)) }

  static let small = tiny + variants

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
  }

  private static var repository: String {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }

  private static func expected(_ name: String) -> String { path(name + "/expected.safetensors") }

  private static func golden(_ name: String) -> Golden {
    Golden(description: name, model: path(name), expected: expected(name))
  }
}

/// A directory that is gone when the value is.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("graft-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension SeededNumbers {
  /// `count` token ids below `vocabulary`.
  mutating func ids(_ count: Int, below vocabulary: Int) -> [Int32] {
    (0..<count).map { _ in Int32(next() % UInt64(vocabulary)) }
  }
}

extension Array where Element == Float {
  var doubles: [Double] { map(Double.init) }
  var bits: [UInt32] { map(\.bitPattern) }
}

extension TinyCheckpoint {
  /// Writes it and opens it.
  func open(in directory: TemporaryDirectory) throws -> Model {
    try write(to: directory.path)
    return try Model(directory: directory.path)
  }
}
