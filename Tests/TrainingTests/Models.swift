import Checkpoints
import DenseMath
import Foundation
import TestSupport
import Training
import Transformer

/// A tiny classifier with each way of pooling, and the oracle that reads the same files.
enum TinyClassifier: String, CaseIterable, Sendable {
  case bert, gpt2LastToken, gpt2Mean, gpt2MeanWithoutNorm

  var checkpoint: TinyCheckpoint {
    var made = TinyCheckpoint.make(self == .bert ? .bert : .gpt2, positions: 6)
    switch self {
    case .bert:
      made.addLinear("bert.pooler.dense", [12, 12], outputs: 12)
      made.addLinear("classifier", [3, 12], outputs: 3)
    case .gpt2LastToken:
      made.add("score.weight", [3, 12])
      made.config["pad_token_id"] = 0
    case .gpt2Mean, .gpt2MeanWithoutNorm:
      made.addLinear("classifier", [3, 12], outputs: 3)
      made.config["graft"] = ["pooling": "mean", "final_norm": .bool(self == .gpt2Mean)]
    }
    return made
  }
}

enum Places {
  static var tests: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  }
  static func fixture(_ name: String) -> String {
    tests.appendingPathComponent("TransformerTests/Fixtures/\(name)").path
  }
  static func model(_ name: String) -> String {
    tests.deletingLastPathComponent().appendingPathComponent("models/\(name)").path
  }
}

extension FloatBuffer {
  convenience init(_ values: [Float]) {
    self.init(uninitializedCount: values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

extension [Float] {
  var doubles: [Double] { map(Double.init) }
}
