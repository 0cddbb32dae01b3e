/// Why something cannot be read.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A head over the vocabulary, [V, d], is not for the states that it is to read.
  case headDoesNotFit(model: String, layer: Int, expected: [Int], found: [Int])
  case noSuchRow(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)
  /// Texts that cannot be split into three parts.
  case tooFewTexts(found: Int, needed: Int)
  /// Effective attention no longer makes the output that attention makes.
  case outputChanged(layer: Int, head: Int, error: Double, allowed: Double, tolerance: Double)
  /// No text of a corpus has a token to predict.
  case nothingToPredict

  public var description: String {
    switch self {
    case .headDoesNotFit(let model, let layer, let expected, let found):
      "\(model): the states of block \(layer) need a head over the vocabulary of \(expected), not of \(found); "
        + "give a model with the same tokenizer and hidden size"
    case .noSuchRow(let row, let tokens):
      "row \(row) of \(tokens) tokens: rows count from 0 to \(tokens - 1)"
    case .nothingToPredict:
      "no text has a token to predict: GPT-2 needs texts of at least two tokens, BERT of one word"
    case .noSuchToken(let id, let vocabulary):
      "token \(id) of a vocabulary of \(vocabulary): ids count from 0 to \(vocabulary - 1)"
    case .tooFewTexts(let found, let needed):
      "\(found) texts cannot be split for training, validation and test; give at least \(needed)"
    case .outputChanged(let layer, let head, let error, let allowed, let tolerance):
      "L\(layer)H\(head): expected effective attention to make the head's output to \(allowed) of its norm, found a "
        + "difference of \(error); give a relative tolerance below \(tolerance) for the rank"
    }
  }
}
