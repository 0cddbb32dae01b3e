/// Why something cannot be read.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A head over the vocabulary, [V, d], is not for the states that it is to read.
  case headDoesNotFit(model: String, layer: Int, expected: [Int], found: [Int])
  case noSuchRow(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)
  /// More items of the vocabulary than there are, or none.
  case setTooLarge(Int, vocabulary: Int)

  public var description: String {
    switch self {
    case .headDoesNotFit(let model, let layer, let expected, let found):
      "\(model): the states of block \(layer) need a head over the vocabulary of \(expected), not of \(found); "
        + "give a model with the same tokenizer and hidden size"
    case .noSuchRow(let row, let tokens):
      "row \(row) of \(tokens) tokens: rows count from 0 to \(tokens - 1)"
    case .noSuchToken(let id, let vocabulary):
      "token \(id) of a vocabulary of \(vocabulary): ids count from 0 to \(vocabulary - 1)"
    case .setTooLarge(let k, let vocabulary):
      "the \(k) highest of a vocabulary of \(vocabulary): give a number from 1 to \(vocabulary)"
    }
  }
}
