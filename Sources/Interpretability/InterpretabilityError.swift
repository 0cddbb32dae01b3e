/// Why something cannot be read.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A block's states have another width than what is to read them.
  case differentWidth(model: String, layer: Int, width: Int, expected: Int)
  case noSuchPosition(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)

  public var description: String {
    switch self {
    case .differentWidth(let model, let layer, let width, let expected):
      "\(model): block \(layer) makes states of \(width) numbers, but the head over the vocabulary reads \(expected); "
        + "read one of the two models it was made from"
    case .noSuchPosition(let position, let tokens):
      "position \(position) of a text of \(tokens) tokens: positions count from 0 to \(tokens - 1)"
    case .noSuchToken(let id, let vocabulary):
      "token \(id) of a vocabulary of \(vocabulary): ids count from 0 to \(vocabulary - 1)"
    }
  }
}
