import Files
import Foundation
import TestSupport
import Testing

/// An option that would do nothing is refused, in every mode of every command.
@Suite struct OptionRuleTests {
  private struct Option {
    /// As rules and modes name it.
    let name: String
    let isFlag: Bool
    let defaultValue: String?
  }

  /// The options of every command, as the parser has them.
  private static let known: Result<[String: [Option]], any Error> = Result {
    let help = try GraftProcess.run("--experimental-dump-help")
    var found: [String: [Option]] = [:]
    func add(_ command: JSONNode, _ path: [String]) throws {
      let subcommands = command["subcommands"].isPresent ? try command["subcommands"].array() : []
      for child in subcommands where try child["commandName"].string() != "help" {
        try add(child, path + [child["commandName"].string()])
      }
      guard subcommands.isEmpty else { return }
      found[path.joined(separator: " ")] = try command["arguments"].array().compactMap { argument in
        guard argument["preferredName"].isPresent else { return nil }
        let name = argument["preferredName"]
        let text = try (name["kind"].string() == "long" ? "--" : "-") + name["name"].string()
        let value = argument["defaultValue"]
        return try Option(
          name: text, isFlag: argument["kind"].string() == "flag",
          defaultValue: value.isPresent ? value.string() : nil)
      }.filter { !["--help", "--version"].contains($0.name) }
    }
    try add(help.json()["command"], [])
    return found
  }

  private static func options(of command: String) throws -> [Option] {
    try #require(try known.get()[command], "\(command) is no command")
  }

  private static func run(_ mode: OptionMode, adding option: Option) throws -> GraftRun {
    let value =
      try option.isFlag
      ? []
      : [
        #require(
          option.defaultValue ?? OptionMode.values["\(mode.command) \(option.name)"] ?? OptionMode.values[option.name],
          "\(option.name)")
      ]
    let folder = try TemporaryFolder()
    return try GraftProcess.run(
      mode.command.split(separator: " ").map(String.init) + mode.arguments + [option.name] + value,
      environment: ["GRAFT_MODELS": folder.path], directory: folder.path)
  }

  /// A new option has to be put into a mode that uses it, and is refused in the others.
  @Test func knowsEveryOption() throws {
    let known = try Self.known.get()
    #expect(Set(known.keys) == Set(OptionMode.all.map(\.command)))
    for (command, options) in known {
      let used = OptionMode.all.filter { $0.command == command }.reduce(into: Set<String>()) { $0.formUnion($1.uses) }
      let names = Set(options.map(\.name))
      #expect(names.isSubset(of: used), "graft \(command): no mode uses \(names.subtracting(used).sorted())")
      let gone = used.subtracting(names).subtracting(["--threads", "--progress", "--progress-interval", "--offline"])
      #expect(gone.isEmpty, "graft \(command) has no \(gone.sorted())")
    }
  }

  @Test(arguments: OptionMode.all) func refusesWhatDoesNothing(_ mode: OptionMode) throws {
    for option in try Self.options(of: mode.command) where !mode.uses.contains(option.name) {
      let run = try Self.run(mode, adding: option)
      let message = run.error.prefix { $0 != "\n" }
      #expect(run.status == 64, "graft \(mode) \(option.name): \(run.status) \(message)")
      #expect(run.output.isEmpty && message.contains(option.name), "graft \(mode) \(option.name): \(message)")
      let usage = "Usage: graft \(mode.command)"
      #expect(run.error.contains(usage), "graft \(mode) \(option.name): \(run.error)")
    }
  }

  /// What a mode uses goes past the command line: the command then finds no model.
  @Test(arguments: OptionMode.all) func takesWhatHasAnEffect(_ mode: OptionMode) throws {
    for option in try Self.options(of: mode.command) where mode.uses.contains(option.name) {
      // Given already, or what an alternative way to name the subject brings with it.
      guard !mode.arguments.contains(option.name) else { continue }
      let run = try Self.run(mode, adding: option)
      #expect(run.status != 64, "graft \(mode) \(option.name): \(run.error.prefix { $0 != "\n" })")
    }
  }
}
