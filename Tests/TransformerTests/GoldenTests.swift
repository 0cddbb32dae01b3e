import Checkpoints
import DenseMath
import TestSupport
import Testing
import Transformer

/// Every stored result at every stage: largest error at most 2e-5 of the tensor's largest magnitude;
/// measured: at most 2.2e-6 (attention of a trained model).
@Suite struct GoldenTests {
  @Test(arguments: Fixtures.tiny + Fixtures.variants + Fixtures.trained)
  func everyStageMatches(_ golden: Fixtures.Golden) throws {
    let file = try SafetensorsFile(golden.expected)
    let (ids, types) = try Verification.input(of: file)
    let model = try Model(directory: golden.model)
    let trace = try model.trace(ids, tokenTypes: types, workspace: Workspace())
    let verification = try Verification(of: trace, against: file)
    for stage in verification.stages {
      #expect(stage.fraction <= 2e-5, "\(stage.name) is off by \(stage.largestError) at \(stage.index)")
    }
    #expect(verification.firstFailure(tolerance: 2e-5) == nil)

    // Nothing is left out: one stage per hidden state, one per block's attention, and one per head.
    let heads = ["logits", "classifier_logits"].filter { file.entry(named: $0) != nil }
    #expect(verification.stages.count == 2 * model.dimensions.layers + 1 + heads.count)
    #expect(verification.notCompared.allSatisfy { !["hidden", "attention"].contains($0) && !heads.contains($0) })
  }

  /// The two references agree: this package's loops in Double and PyTorch in Double. Measured: at
  /// most 2.8e-15.
  @Test(arguments: Fixtures.small) func oracleMatches(_ golden: Fixtures.Golden) throws {
    let file = try SafetensorsFile(golden.expected)
    let (ids, types) = try Verification.input(of: file)
    let trace = try Oracle(directory: golden.model).forward(ids.map(Int.init), tokenTypes: types?.map(Int.init))
    func check(_ name: String, _ values: [Double]?) throws {
      guard file.entry(named: name) != nil else { return }
      expectCloseToLargest(try #require(values), try file.doubles(name).values, fraction: 1e-10, name)
    }
    try check("hidden", trace.hidden.flatMap { $0 })
    try check("attention", trace.attention.flatMap { $0 })
    try check("logits", trace.logits)
    try check("classifier_logits", trace.classifierLogits)
  }

  @Test func aWrongNumberIsNamed() throws {
    let golden = Fixtures.tiny[3]
    let file = try SafetensorsFile(golden.expected)
    var trace = try Model(directory: golden.model).trace(try Verification.input(of: file).ids, workspace: Workspace())
    trace.segments[0].hidden[2][3 * 40 + 7] += 0.5
    let failure = try #require(try Verification(of: trace, against: file).firstFailure(tolerance: 2e-5))
    #expect(failure.name == "hidden 2")
    #expect(failure.index == [3, 7])
    expectClose([failure.largestError], [0.5], absolute: 1e-4, relative: 0, "the error put in")

    trace.segments[0].attention[1][0] = .nan
    let first = try #require(try Verification(of: trace, against: file).firstFailure(tolerance: 2e-5))
    #expect(first.name == "attention 1")
    #expect(first.largestError.isNaN)
  }

  @Test func resultsOfAnotherShapeAreRefused() throws {
    let file = try SafetensorsFile(Fixtures.tiny[3].expected)
    let trace = try Model(directory: Fixtures.tiny[3].model).trace([1, 2, 3], workspace: Workspace())
    #expect(
      throws: TransformerError.differentShape(
        path: file.path, tensor: "hidden", expected: [5, 3, 40], found: [5, 17, 40])
    ) { try Verification(of: trace, against: file) }
  }
}
