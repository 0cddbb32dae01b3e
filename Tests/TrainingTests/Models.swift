import Checkpoints
import DenseMath
import Foundation
import TestSupport
import Training
import Transformer

/// A tiny classifier with each way of pooling, and the oracle that reads the same files.
enum TinyClassifier: String, CaseIterable, Sendable {
  case bert, distilbert, roberta, gpt2LastToken, gpt2Mean, gpt2MeanWithoutNorm

  var kind: TinyCheckpoint.Kind { TinyCheckpoint.Kind(rawValue: rawValue) ?? .gpt2 }

  var checkpoint: TinyCheckpoint {
    var made = TinyCheckpoint.make(kind, positions: 6)
    switch self {
    case .bert, .distilbert: made.addClassifier(kind, classes: 3)
    case .roberta:
      made.addClassifier(kind, classes: 3)
      // The texts hold this token, which positions do not count.
      made.config["pad_token_id"] = 0
    case .gpt2LastToken:
      made.addClassifier(kind, classes: 3)
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
