import Foundation
import TestSupport
import Testing

/// Every example of every help text, pasted into a shell in a clone whose datasets are short. One that needs more than
/// `ShortClone.seconds` of processor time is ended then: it has been parsed, and its files exist.
@Suite struct HelpExampleTests {
  /// All commands with a help text of their own, groups too; "" is `graft --help`.
  private static let commands: [String] = {
    let leaves = (try? CommandLeaf.all().map(\.path)) ?? []
    let groups = Set(leaves.filter { $0.count > 1 }.map { $0.dropLast().joined(separator: " ") })
    return [""] + groups.sorted() + leaves.map { $0.joined(separator: " ") }
  }()

  @Test func thereAreCommands() { #expect(Self.commands.count >= 29) }

  @Test(arguments: commands) func everyExampleRunsAsItStands(_ command: String) throws {
    let help = try GraftProcess.run(command.split(separator: " ").map(String.init) + ["--help"]).output
    let examples = try Self.examples(in: help)
    #expect(!examples.isEmpty, "graft \(command) has no example")
    let clone = try ShortClone()
    var isWhole = true
    for example in examples {
      #expect(
        ["graft ", "echo ", "printf "].contains { example.hasPrefix($0) },
        "graft \(command): a line that was broken, or a prompt: \(example)")
      for file in filesRead(shellWords(example)) {
        #expect(
          FileManager.default.fileExists(atPath: "\(Repository.path)/\(file)"), "graft \(command) --help: no \(file)")
      }
      let run = try clone.run(example)
      let stopped = [-SIGXCPU, 128 + SIGXCPU].contains(run.status)
      // What an example that was stopped would have written is not there for those below it.
      let expected: [Int32] = isWhole && !stopped ? [0] : [0, 1, -SIGXCPU, 128 + SIGXCPU]
      #expect(expected.contains(run.status), "graft \(command) --help: \(example)\n\(run.error)")
      if stopped { isWhole = false }
      #expect(!isWhole || !run.output.contains("nothing has"), "\(example) finds nothing")
    }
  }

  /// The commands below EXAMPLES, each as one string with the line breaks that it is printed with.
  private static func examples(in help: String) throws -> [String] {
    let parts = help.components(separatedBy: "EXAMPLES:\n")
    guard parts.count == 2 else { return [] }
    let lines = parts[1].components(separatedBy: "\n").prefix { !$0.isEmpty }
    return lines.reduce(into: [String]()) { examples, line in
      if let last = examples.last, last.hasSuffix("\\") {
        examples[examples.count - 1] = last + "\n" + line
      } else {
        examples.append(String(line.drop { $0 == " " }))
      }
    }
  }
}

/// A folder that looks like a fresh clone to the examples. Datasets and the grid are short, so that each takes seconds.
struct ShortClone {
  static let seconds = 10
  let folder: TemporaryFolder
  /// With the names that examples download.
  private let hub: HubServer

  init() throws {
    folder = try TemporaryFolder()
    hub = try HubServer(
      HubCommandTests.repository("gpt2", commit: "a1", of: "imdb-gpt2-narrow"),
      HubCommandTests.repository("distilgpt2", commit: "b2", of: "imdb-gpt2-narrow"),
      HubCommandTests.repository("google-bert/bert-base-uncased", commit: "c3", of: "imdb-bert-1"))
    let manager = FileManager.default
    for name in ["models", "Tests"] {
      try manager.createSymbolicLink(
        atPath: folder.path(name), withDestinationPath: Repository.path + "/" + name)
    }
    try manager.createDirectory(atPath: folder.path("docs/images"), withIntermediateDirectories: true)
    for (place, most) in [("imdb", 24), ("experiments", 0)] {
      for name in try manager.contentsOfDirectory(atPath: "\(Repository.path)/evaluation/\(place)") {
        let text = try String(contentsOfFile: "\(Repository.path)/evaluation/\(place)/\(name)", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // Classes lie one after the other.
        let step = max(1, most == 0 || !name.hasSuffix(".jsonl") ? 1 : lines.count / most)
        let kept = stride(from: 0, to: lines.count, by: step).map { lines[$0] }
        try folder.write(kept.joined(separator: "\n") + "\n", to: "evaluation/\(place)/\(name)")
      }
    }
    try folder.write(
      """
      {"schema": 1, "models": [{"pretrained": ["imdb-bert-2"], "finetuned": ["imdb-bert-1-sentiment"]},
      {"pretrained": ["imdb-gpt2-wide"], "finetuned": ["imdb-gpt2-narrow-sentiment"]}], "keep": [2, 4],
      "transplant": [2], "maps": ["pinv", "transpose"], "dataset": "evaluation/imdb/test.jsonl", "max_length": 32}
      """, to: "evaluation/experiments/stitch.json")
  }

  /// A command as a person would paste it.
  func run(_ command: String) throws -> GraftRun {
    let executable = try #require(GraftProcess.executable)
    // What runs until Ctrl-C gets it.
    let ending = command.hasPrefix("graft explore ") ? "timeout --preserve-status --signal=INT 3 " : ""
    try folder.write("ulimit -S -t \(Self.seconds)\n\(ending)\(command)\n", to: ".command")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [".command"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    var environment = GraftProcess.environment(adding: [
      "HF_HUB_OFFLINE": "", "HF_HOME": folder.path(".cache"), "HF_ENDPOINT": hub.endpoint,
    ])
    environment["PATH"] = (executable as NSString).deletingLastPathComponent + ":" + (environment["PATH"] ?? "")
    process.environment = environment
    process.standardInput = FileHandle(forReadingAtPath: "/dev/null")
    process.standardOutput = FileHandle(forWritingAtPath: try folder.write("", to: ".output"))
    process.standardError = FileHandle(forWritingAtPath: try folder.write("", to: ".error"))
    try process.run()
    process.waitUntilExit()
    return GraftRun(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      outputBytes: try folder.bytes(".output"),
      error: String(decoding: try folder.bytes(".error"), as: UTF8.self))
  }
}
