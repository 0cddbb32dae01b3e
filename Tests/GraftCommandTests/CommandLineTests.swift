import Files
import Foundation
import TestSupport
import Testing

/// What the command line says about mistyped names, options that a model has no use for, and its own examples.
@Suite struct CommandLineTests {
  @Test(arguments: [
    (["lense"], "'graft' has no command 'lense'; did you mean 'graft lens'?", "Usage: graft <command>"),
    (["lense", "m", "--text", "t"], "did you mean 'graft lens'?", "See 'graft --help'"),
    (["atlas", "buld", "m"], "did you mean 'graft atlas build'?", "Usage: graft atlas <command>"),
    (["experiment", "keepk"], "did you mean 'graft experiment keep-k'?", "Usage: graft experiment <experiment>"),
    (["help", "tokenise"], "did you mean 'graft tokenize'?", "See 'graft --help'"),
    (["merge", "part1", "-o", "r"], "'graft merge' is now 'graft experiment merge'.", "See 'graft --help'"),
    (["frobnicate"], "has no command 'frobnicate'; give one of inspect, tokenize,", "See 'graft --help'"),
    (["lens", "none", "--txt", "t"], "Unknown option '--txt'", "Usage: graft lens"),
    (
      ["atlas", "build", "none", "--color", "never", "--json"], "--color does nothing with --json",
      "See 'graft atlas build --help'"
    ),
    (["evaluate", "imdb-bert-1-sentiment"], "Give --dataset.", "Usage: graft evaluate"),
  ]) func saysWhatWasMeant(_ arguments: [String], _ message: String, _ usage: String) throws {
    let run = try GraftProcess.run(arguments)
    #expect(run.status == 64 && run.output.isEmpty)
    #expect(run.error.hasPrefix("graft: error: ") && run.error.contains(message), "\(run.error)")
    #expect(run.error.contains(usage) && !run.error.contains("<subcommand>"), "\(run.error)")
  }

  @Test(arguments: [[], ["atlas"], ["experiment"]]) func helpNamesWhatFollows(_ group: [String]) throws {
    let run = try GraftProcess.run(group + ["--help"])
    #expect(run.status == 0 && !run.output.contains("USAGE: graft <subcommand>"))
    #expect(run.output.contains("USAGE: " + (["graft"] + group).joined(separator: " ") + " <"), "\(run.output)")
  }

  private static let gpt2 = Repository.fixture("tiny/gpt2")

  /// Only the model's files tell that these have no effect.
  @Test(arguments: [
    (["forward", gpt2, "--ids", "1,2", "--token-types", "0,0", "-o", "states"], "this model has no token types"),
    (["lens", "imdb-gpt2-narrow", "--dataset", "f.jsonl", "--mask-share", "0.15"], "predicts the next token"),
    (
      ["lens-fit", "imdb-gpt2-narrow", "--dataset", "f.jsonl", "--mask-share", "0.2", "-o", "l"],
      "predicts the next token"
    ),
    (["lens-fit", "imdb-gpt2-narrow", "--dataset", "f.jsonl", "--seed", "42", "-o", "l"], "--limit or --steps"),
  ]) func refusesWhatTheModelHasNoUseFor(_ arguments: [String], _ message: String) throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(arguments, directory: folder.path)
    #expect(run.status == 1 && run.output.isEmpty && run.error.contains("does nothing"), "\(run.error)")
    #expect(run.error.contains(message) && run.error.split(separator: "\n").count == 1, "\(run.error)")
    #expect(try folder.names() == [])
  }

  @Test func takesThemForTheOtherModel() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(
      ["forward", Repository.fixture("tiny/bert"), "--ids", "1,2", "--token-types", "0,0", "-o", "states"],
      directory: folder.path)
    #expect(run.status == 0, "\(run.error)")
  }

  /// A value that looks like an option, both ways to write a value, and what stands behind "--".
  @Test(arguments: [
    (["predict", "none", "--text", "t", "--generate=3", "--top=5"], "--top does nothing with --generate 3"),
    (["evaluate", "none", "--dataset", "f", "--output=r", "--seed", "42"], "--seed does nothing without --limit"),
    (["attribute", "none", "--text", "t", "--exact", "--probes", "64"], "--probes does nothing with --exact"),
    (["align", "none", "none", "--seed", "42"], "--seed does nothing without 3 models"),
    (["align", "none", "--vectors", "0", "none", "--tokens", "5"], "--tokens does nothing without --vectors"),
    (["attribute", "none", "--text", "t", "--steps", "64"], "--steps does nothing without --method integrated"),
    (["project", "none", "--ff-key", "L0:0", "--pairs", "all"], "--pairs does nothing without --head"),
    (["lens", "none", "--text=--limit"], "no such directory or model"),
    (["predict", "--generate", "3", "--text", "t", "none"], "no such directory or model"),
    (["align", "none", "--seed", "1", "--", "none", "--seed"], "no such directory or model"),
  ]) func readsTheCommandLineAsTheParserDoes(_ arguments: [String], _ message: String) throws {
    let run = try GraftProcess.run(arguments)
    #expect(run.error.contains(message), "\(run.error)")
  }

  /// Every command of the README, the pages and --help gets past the command line; the models are not there.
  @Test func documentedCommandsAreTaken() throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: Repository.path + "/docs")
      .filter { $0.hasSuffix(".md") && !["CHANGELOG.md", "command-line.md"].contains($0) }.sorted()
    var texts = try (["README.md"] + pages.map { "docs/" + $0 }).map { page in
      (name: page, text: try String(contentsOfFile: "\(Repository.path)/\(page)", encoding: .utf8))
    }
    let help = try GraftProcess.run("--experimental-dump-help").json()["command"]
    func add(_ command: JSONNode) throws {
      guard command["subcommands"].isPresent else { return }
      for child in try command["subcommands"].array() where child["discussion"].isPresent {
        texts.append(("--help of \(try child["commandName"].string())", try child["discussion"].string()))
        try add(child)
      }
    }
    try add(help)
    var count = 0
    for (name, text) in texts {
      let lines = text.replacing("\\\n", with: " ").split(separator: "\n").map { $0.drop { "$ ".contains($0) } }
      for line in lines where line.hasPrefix("graft ") && !["--help", "...", "$"].contains(where: line.contains) {
        let run = try Self.shell(String(line))
        #expect(run.status != 64, "\(name): \(line)\n\(run.error)")
        count += 1
      }
    }
    #expect(count > 100)
  }

  /// Runs a line as a shell reads it, in an empty folder without models.
  private static func shell(_ line: String) throws -> (status: Int32, error: String) {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "graft() { \"$GRAFT\" \"$@\"; }; \(line) < /dev/null"]
    process.environment = GraftProcess.environment(
      adding: ["GRAFT": try #require(GraftProcess.executable), "GRAFT_MODELS": folder.path])
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: try folder.write("", to: "error"))
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: try folder.bytes("error"), as: UTF8.self))
  }
}
