import Files
import Foundation
import Testing

@Suite struct HelpTests {
  private static let commands = [
    "inspect", "tokenize", "forward", "predict", "lens", "lens-fit", "lens-classifier", "identify", "attribute",
    "project", "atlas", "align", "experiment", "classify", "verify", "models", "pull", "convert", "explore",
    "env",
  ]

  @Test func listsCommandsAndExitCodes() throws {
    let run = try GraftProcess.run("--help")
    #expect(run.status == 0 && run.error.isEmpty)
    for command in Self.commands { #expect(run.output.contains("\n  \(command) ")) }
    for code in ["0 ", "1 ", "64 ", "141 "] { #expect(run.output.contains("\n  \(code)")) }
  }

  private static let subcommands =
    ["keep-k", "recall", "related-pairs", "key-value-overlap"].map { "experiment " + $0 }
    + ["build", "search", "show", "export"].map { "atlas " + $0 }

  @Test(arguments: commands + subcommands) func showsExamples(_ command: String) throws {
    let run = try GraftProcess.run(command.split(separator: " ").map(String.init) + ["--help"])
    #expect(run.status == 0)
    #expect(run.output.contains("EXAMPLES:\n  "))
    #expect(run.output.split(separator: "\n").allSatisfy { !$0.contains("  graft ") || $0.count <= 84 })
    #expect(run.output.components(separatedBy: "graft \(command) ").count > 2)
  }

  @Test func printsItsVersion() throws {
    let run = try GraftProcess.run("--version")
    #expect(run.status == 0)
    let env = try GraftProcess.run("env", "--json").json()
    let commit = env["commit"].isPresent ? " (\(try env["commit"].string()))" : ""
    #expect(try env["graft_version"].string() + commit + "\n" == run.output)
    #expect(try run.output.contains(Regex("^[0-9]+\\.[0-9]+\\.[0-9]+( \\([0-9a-f]{12}(-dirty)?\\))?\n$")))
  }

  @Test func theCitationHasTheVersion() throws {
    let citation = try String(contentsOfFile: Repository.path + "/CITATION.cff", encoding: .utf8)
    let version = try GraftProcess.run("env", "--json").json()["graft_version"].string()
    #expect(citation.split(separator: "\n").contains("version: \(version)"))
  }

  @Test func colorsOnlyWhenAsked() throws {
    func env(_ options: [String], _ environment: [String: String]) throws -> Bool {
      try GraftProcess.run(["env"] + options, environment: environment).output.contains("\u{1B}[")
    }
    #expect(try !env([], [:]))
    #expect(try env([], ["FORCE_COLOR": "1"]))
    #expect(try env(["--color", "always"], ["NO_COLOR": "1"]))
    #expect(try !env([], ["FORCE_COLOR": "1", "NO_COLOR": "1"]))
  }
}
