import ArgumentParser
import Evaluation
import Files
import Foundation

/// The prompts of the lens.
struct PromptOptions: ParsableArguments {
  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []

  @Option(help: ArgumentHelp("A file with one text per line ('-' reads standard input).", valueName: "path"))
  var file: String?

  @Option(
    help: ArgumentHelp(
      "A file with an object a line: id, text and, if one is to be followed, target.", valueName: "path")
  )
  var jsonl: String?

  @Option(help: ArgumentHelp("Show this prompt to the right of each text, in the same colours.", valueName: "text"))
  var beside: String?

  func validate() throws {
    if [!text.isEmpty, file != nil, jsonl != nil].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --text, --file and --jsonl.")
    }
  }

  /// - Throws: `ValidationError` when nothing is given nor piped in; `FileError`, `EvaluationError.noText`.
  func texts() throws -> [InputText] {
    if !text.isEmpty { return InputText.arguments(text) }
    if let jsonl { return try InputText.objects(of: jsonl) }
    guard file != nil || isatty(STDIN_FILENO) == 0 else {
      throw ValidationError("Give --text, --file or --jsonl, or pipe text in.")
    }
    return try InputText.lines(of: file ?? "-")
  }

  /// The options as recorded in a result.
  var members: JSONMembers { ["beside": beside] }
}
