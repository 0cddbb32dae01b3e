import Files
import Reporting

/// Command lines as a shell takes them.
enum CommandText {
  /// What graft was called with. Where a result is written and how it is shown is left out: a page is the same wherever it
  /// lies, and however often its run was stopped.
  static var invoked: String { line(["graft"] + withoutOutput(Array(CommandLine.arguments.dropFirst()))) }

  /// What makes a result again whose options are named like those of its command: `min_length` for `--min-length`.
  static func repeating(_ stamp: JSON) -> String {
    var words = ["graft"]
    if case .string(let command)? = stamp["command"] { words += command.split(separator: " ").map(String.init) }
    if case .string(let model)? = stamp["model"] { words.append(model) }
    if case .object(let members)? = stamp["options"] {
      for member in members {
        let option = "--" + member.key.replacing("_", with: "-")
        switch member.value {
        case .bool(true): words.append(option)
        case .string(let text): words += [option, text]
        case .integer(let number): words += [option, "\(number)"]
        default: break
        }
      }
    }
    return line(words)
  }

  static func line(_ words: [String]) -> String { words.map(\.shellQuoted).joined(separator: " ") }

  private static let valued: Set = [
    "-o", "--output", "--html", "--svg", "--figure", "--figure-width", "--table", "--save", "--color",
    "--progress",
  ]
  private static let flags: Set = ["--resume", "--json", "--figure-panels"]

  static func withoutOutput(_ arguments: [String]) -> [String] {
    var left: [String] = []
    var skipsNext = false
    for word in arguments {
      if skipsNext {
        skipsNext = false
      } else if valued.contains(word) {
        skipsNext = true
      } else if !flags.contains(word), !valued.contains(where: { $0.hasPrefix("--") && word.hasPrefix($0 + "=") }) {
        left.append(word)
      }
    }
    return left
  }
}

extension Provenance {
  /// Of one model and what was read beside it.
  init(_ model: String, sha256: String, datasets: [Source] = []) {
    self.init(
      version: Version.current, command: CommandText.invoked, models: [.init(model, sha256: sha256)], datasets: datasets
    )
  }
}
