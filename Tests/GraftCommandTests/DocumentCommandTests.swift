import Foundation
import TestSupport
import Testing

/// The commands in README.md and the pages of docs.
@Suite struct DocumentCommandTests {
  private static let pages: [String] = {
    let folders = ["docs", "evaluation", "models"]
    let names = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(Repository.path)/\(folder)")) ?? []).sorted()
        .filter { $0.hasSuffix(".md") && $0 != "CHANGELOG.md" }.map { "\(folder)/\($0)" }
    }
    return ["README.md"] + names
  }()

  private static func text(_ page: String) throws -> String {
    try String(contentsOfFile: "\(Repository.path)/\(page)", encoding: .utf8)
  }

  private struct Command {
    var text: String
    /// The page shows the error that it ends with.
    var isRefused = false
  }

  /// Indented lines that begin with graft, or with "$ graft", and those they go on in.
  private static func commands(in text: String) -> [Command] {
    var (commands, goesOn, wasCommand): ([Command], Bool, Bool) = ([], false, false)
    for line in text.components(separatedBy: "\n") {
      let command = line.drop { $0 == " " }
      let begins =
        line.hasPrefix("    ") && ["graft ", "$ graft ", ".build/release/graft "].contains { command.hasPrefix($0) }
      if goesOn {
        commands[commands.count - 1].text += "\n" + command
      } else if begins {
        commands.append(Command(text: String(command.hasPrefix("$ ") ? command.dropFirst(2) : command)))
      } else if wasCommand, command.hasPrefix("graft: error:") {
        commands[commands.count - 1].isRefused = true
      }
      wasCommand = goesOn || begins
      goesOn = wasCommand && line.hasSuffix("\\")
    }
    return commands
  }

  @Test func thereAreCommands() throws {
    let count = try Self.pages.reduce(0) { $0 + Self.commands(in: try Self.text($1)).count }
    #expect(count >= 50)
  }

  @Test(arguments: pages) func everyCommandParsesAndItsFilesExist(_ page: String) throws {
    // Without models and files a command ends after its options were read.
    let folder = try TemporaryFolder()
    let nowhere = ["GRAFT_MODELS": folder.path("none")]
    for command in Self.commands(in: try Self.text(page)) {
      // Variables of the shell stand for a number or a name.
      let words = Array(shellWords(command.text.replacing(/\$\{?[A-Za-z_]+\}?/, with: "1")).dropFirst())
      let run = try GraftProcess.run(words, environment: nowhere, directory: folder.path)
      if command.isRefused {
        #expect(run.status != 0, "\(page): is not refused: \(command.text)")
      } else {
        #expect(run.status == 0 || run.status == 1, "\(page): \(command.text)\n\(run.error)")
      }
      for file in filesRead(words) {
        #expect(
          FileManager.default.fileExists(atPath: "\(Repository.path)/\(file)"), "\(page): \(command.text): \(file)")
      }
    }
  }

  /// Each block of README.md that begins with "$ graft": what the command prints, "..." for lines that are left out.
  @Test func readmeShowsWhatIsPrinted() throws {
    let folder = try TemporaryFolder()
    for name in ["evaluation", "models", "Tests"] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(name), withDestinationPath: "\(Repository.path)/\(name)")
    }
    let blocks = try Self.text("README.md").components(separatedBy: "\n    $ ").dropFirst().map { block in
      block.components(separatedBy: "\n").enumerated().prefix { $0.offset == 0 || $0.element.hasPrefix("    ") }
        .map { $0.offset == 0 ? $0.element : String($0.element.dropFirst(4)) }
    }
    #expect(blocks.count == 5)
    for block in blocks {
      let run = try GraftProcess.run(Array(shellWords(block[0]).dropFirst()), directory: folder.path)
      #expect(run.status == 0, "\(block[0]): \(run.error)")
      // Rounding errors, and where they are largest, depend on the processor.
      let hidesErrors = block[0].contains(" verify ")
      func comparable(_ line: String) -> String {
        let line = line.replacing(/\s+$/, with: "")
        guard hidesErrors else { return line }
        return line.replacing(/[0-9.]+e-[0-9]+/, with: "#").replacing(/\[[0-9, ]+\]/, with: "[#]")
          .replacing(/\([a-z]+ ?[0-9]*\)/, with: "(#)").replacing(#/ +/#, with: " ").replacing(/─+/, with: "─")
      }
      var printed = run.output.components(separatedBy: "\n").map(comparable)[...]
      var skips = false
      for line in block.dropFirst().map(comparable) {
        if line == "..." {
          skips = true
        } else if skips {
          let place = printed.firstIndex(of: line)
          #expect(place != nil, "\(block[0]): not printed: \(line)\n\(run.output)")
          printed = printed[((place ?? printed.startIndex) + 1)...]
          skips = false
        } else {
          #expect(printed.first == line, "\(block[0])\n\(run.output)")
          printed = printed.dropFirst()
        }
      }
      #expect(skips || printed.allSatisfy(\.isEmpty), "\(block[0]): README.md leaves out \(printed)")
    }
  }
}
