/// Why something cannot be read.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A head over the vocabulary, [V, d], is not for the states that it is to read.
  case headDoesNotFit(model: String, layer: Int, expected: [Int], found: [Int])
  case noSuchRow(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)
  /// No text of a corpus has a token to predict.
  case nothingToPredict
  /// Translators were fitted with another head than the one that would read what they make.
  case foreignTunedLens(model: String, expected: String, found: String)
  /// Translators are for other states: [states, d].
  case tunedLensDoesNotFit(model: String, expected: [Int], found: [Int])
  /// A joined model's states are read by two heads.
  case tunedLensOfSegments(model: String)
  case notATunedLens(path: String, found: String)

  public var description: String {
    switch self {
    case .headDoesNotFit(let model, let layer, let expected, let found):
      "\(model): the states of block \(layer) need a head over the vocabulary of \(expected), not of \(found); "
        + "give a model with the same tokenizer and hidden size"
    case .noSuchRow(let row, let tokens):
      "row \(row) of \(tokens) tokens: rows count from 0 to \(tokens - 1)"
    case .foreignTunedLens(let model, let expected, let found):
      "the tuned lens was fitted with the unembedding \(expected.prefix(12))…, \(model) has \(found.prefix(12))…; "
        + "fit one for this model and head with graft lens-fit"
    case .tunedLensDoesNotFit(let model, let expected, let found):
      "\(model): expected a tuned lens of \(expected[0]) states of \(expected[1]), found \(found[0]) of \(found[1]); "
        + "fit one for this model with graft lens-fit"
    case .tunedLensOfSegments(let model):
      "\(model) is joined from two models, whose states have two heads: a tuned lens is for one checkpoint"
    case .notATunedLens(let path, let found):
      "\(path): expected a tuned lens, as graft lens-fit writes it, found \(found)"
    case .nothingToPredict:
      "no text has a token to predict: GPT-2 needs texts of at least two tokens, BERT of one word"
    case .noSuchToken(let id, let vocabulary):
      "token \(id) of a vocabulary of \(vocabulary): ids count from 0 to \(vocabulary - 1)"
    }
  }
}
