import ArgumentParser
import Evaluation
import Foundation

extension InputText {
  /// The values of --text, in their order.
  static func arguments(_ texts: [String]) -> [InputText] {
    texts.enumerated().map { InputText($1, source: texts.count == 1 ? "--text" : "--text number \($0 + 1)") }
  }
}

/// The texts of a command: given one by one, as the lines of a file, or piped in.
struct TextOptions: ParsableArguments {
  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []

  @Option(help: ArgumentHelp("A file with one text per line ('-' reads standard input).", valueName: "path"))
  var file: String?

  func validate() throws {
    if !text.isEmpty, file != nil { throw ValidationError("Give --text or --file, not both.") }
    if text.isEmpty, file == nil, isatty(STDIN_FILENO) == 1 {
      throw ValidationError("Give --text or --file, or pipe text in.")
    }
  }

  /// - Throws: `FileError`, `EvaluationError.noText`.
  func texts() throws -> [InputText] { text.isEmpty ? try InputText.lines(of: file ?? "-") : InputText.arguments(text) }
}
