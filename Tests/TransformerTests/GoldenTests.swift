import Checkpoints
import DenseMath
import Foundation
import TestSupport
import Testing
import Transformer

/// Every stored result at every stage: largest error at most 2e-5 of the tensor's largest magnitude.
@Suite struct GoldenTests {
  static let tiny = ["bert", "bert-classifier", "bert-wide", "gpt2", "gpt2-mean-classifier", "gpt2-wide"]

  @Test(arguments: tiny) func tinyModelsMatch(_ name: String) throws {
    try check(Fixtures.path("tiny/\(name)"), expected: Fixtures.path("tiny/\(name)/expected.safetensors"))
  }

  func check(_ model: String, expected: String) throws {
    let file = try SafetensorsFile(expected)
    let (ids, types) = try Verification.input(of: file)
    let trace = try Model(directory: model).trace(ids, tokenTypes: types, workspace: Workspace())
    let verification = try Verification(of: trace, against: file)
    #expect(verification.stages.count >= 2)
    #expect(verification.firstFailure(tolerance: 2e-5) == nil)
  }
}

enum Fixtures {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
  }
}
