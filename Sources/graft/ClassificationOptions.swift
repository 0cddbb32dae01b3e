import ArgumentParser
import Evaluation
import Files
import Transformer

extension TextCleaning: ExpressibleByArgument {}

/// How a classifier's texts are prepared.
struct ClassificationOptions: ParsableArguments {
  @Option(help: "Keep the head of a text, at most this many tokens (default: the model's positions).")
  var maxLength: Int?

  @Option(help: "What to do to a text first: none, or br (IMDB's <br /> marks). Default: the model's own, else none.")
  var textCleaning: TextCleaning?

  func validate() throws {
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength).") }
  }

  /// The cleaning asked for, else that in config.json's `graft.text_cleaning`, else none.
  /// - Throws: `FileError`, `CommandError.unknownTextCleaning`.
  func cleaning(for model: any Runnable) throws -> TextCleaning {
    if let textCleaning { return textCleaning }
    let node = model.config["graft"]["text_cleaning"]
    guard node.isPresent else { return .none }
    let name = try node.string()
    guard let cleaning = TextCleaning(rawValue: name) else {
      throw CommandError.unknownTextCleaning(
        path: node.path, found: "\"\(name)\"", known: TextCleaning.allCases.map { "\"\($0.rawValue)\"" })
    }
    return cleaning
  }

  /// The most tokens a text may have: --max-length, and never more than a model has positions.
  func length(for models: [any Runnable]) -> Int {
    models.reduce(maxLength ?? .max) { min($0, $1.positions) }
  }

  /// The options as they stand in a result.
  func members(_ cleaning: TextCleaning) -> [JSON.Member] {
    [
      JSON.Member("max_length", maxLength.map { .integer($0) } ?? .null),
      JSON.Member("text_cleaning", .string(cleaning.rawValue)),
    ]
  }
}
