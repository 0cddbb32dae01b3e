import ArgumentParser
import Evaluation
import Files
import Transformer

extension TextCleaning: ExpressibleByArgument {}

/// What happens to a text before it is tokenized.
struct CleaningOptions: ParsableArguments {
  @Option(help: "What to do to a text first: none, or br (IMDB's <br /> marks). Default: the model's own, else none.")
  var textCleaning: TextCleaning?

  /// The cleaning asked for, else the model's own, else none.
  /// - Throws: `FileError`, `EvaluationError.unknownTextCleaning`.
  func cleaning(for model: any TransformerModel) throws -> TextCleaning { try textCleaning ?? model.textCleaning() }
}

/// How a classifier's texts are prepared.
struct ClassificationOptions: ParsableArguments {
  @Option(
    help:
      "Truncate a text to this many tokens (default: the tokenizer's model_max_length, else the model's positions)."
  )
  var maxLength: Int?

  @OptionGroup var text: CleaningOptions

  var textCleaning: TextCleaning? { text.textCleaning }

  func validate() throws {
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength).") }
  }

  /// What is done to a text for this model; see `CleaningOptions`.
  func cleaning(for model: any TransformerModel) throws -> TextCleaning { try text.cleaning(for: model) }

  /// The most tokens a text may have: --max-length, else what the tokenizers' files say, and never more than a model has
  /// positions.
  /// - Throws: what loading a tokenizer throws.
  func length(for models: [any TransformerModel]) throws -> Int {
    let bounds = try maxLength.map { [$0] } ?? models.compactMap { try $0.notedTokenizer().options.maxLength }
    return (bounds + models.map(\.positions)).min() ?? .max
  }

  /// The options as recorded in a result.
  func members(_ cleaning: TextCleaning) -> JSONMembers {
    ["max_length": maxLength, "text_cleaning": cleaning.rawValue]
  }
}
