import ArgumentParser
import Reporting

/// The commands that a command line names, from `graft` down, and what is behind them.
struct CommandPath {
  private(set) var commands: [any ParsableCommand.Type]
  /// Options and values of the last command.
  private(set) var rest: ArraySlice<String>

  init(_ arguments: [String], from root: any ParsableCommand.Type) {
    commands = [root]
    rest = arguments[...]
    if rest.first == "help" { rest.removeFirst() }
    while let word = rest.first, let next = Self.command(word, of: command) {
      commands.append(next)
      rest.removeFirst()
    }
  }

  var command: any ParsableCommand.Type { commands[commands.count - 1] }

  /// What is wrong where a name of a command is expected and the next word is none; nil where nothing is.
  var unknownCommand: ValidationError? {
    let known = command.configuration.subcommands.map { $0._commandName }
    guard !known.isEmpty, let word = rest.first, !word.hasPrefix("-") else { return nil }
    let path = commands.map { $0._commandName }.joined(separator: " ")
    if let place = Self.moved[path + " " + word] { return ValidationError("'\(path) \(word)' is now '\(place)'.") }
    let advice =
      Spelling.nearest(to: word, among: known).map { "did you mean '\(path) \($0)'?" }
      ?? "give one of \(known.joined(separator: ", "))."
    return ValidationError("'\(path)' has no command '\(word)'; \(advice)")
  }

  /// Commands that had another name, and their name now.
  private static let moved = ["graft merge": "graft experiment merge"]

  private static func command(_ word: String, of parent: any ParsableCommand.Type) -> (any ParsableCommand.Type)? {
    parent.configuration.subcommands.first { $0._commandName == word || $0.configuration.aliases.contains(word) }
  }
}
