import DenseMath
import Files
import Foundation
import Testing

@Suite struct EnvTests {
  @Test func describesThisMachine() throws {
    let result = try GraftProcess.run("env", "--json").json()
    #expect(try result["cores"].int() == ProcessInfo.processInfo.activeProcessorCount)
    #expect(
      try result["instructions"]["available"].strings() == InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue)
    )
    #expect(try result["openblas"]["configuration"].string().hasPrefix("OpenBLAS 0."))
    #expect(try result["models"].strings().contains("imdb-bert-1"))
    #expect(try result["environment"].members().isEmpty)
    #expect(try result["warnings"].array().isEmpty)
  }

  @Test func warnsOfSlowSettings() throws {
    let run = try GraftProcess.run(
      ["env", "--json"], environment: ["GRAFT_INSTRUCTIONS": "portable", "OPENBLAS_CORETYPE": "Prescott"])
    let result = try run.json()
    #expect(try result["instructions"]["active"].string() == "portable")
    #expect(try result["environment"].members().map(\.key) == ["GRAFT_INSTRUCTIONS", "OPENBLAS_CORETYPE"])
    let warnings = try result["warnings"].strings()
    let fast = InstructionSet.allCases.contains { $0 != .portable && $0 != .neon && $0.isAvailable }
    #expect(warnings.contains { $0.contains("OPENBLAS_CORETYPE=Prescott") } == fast)
    #expect(warnings.contains { $0.hasPrefix("GRAFT_INSTRUCTIONS=portable is slower") })
  }

  @Test func refusesUnknownInstructions() throws {
    let run = try GraftProcess.run(["env"], environment: ["GRAFT_INSTRUCTIONS": "mmx"])
    #expect(run.status == 1)
    #expect(
      run.error == "graft: error: GRAFT_INSTRUCTIONS: expected one of portable, neon, avx2, avx512, found \"mmx\"\n")
  }
}
