/// Why something cannot be read.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A head over the vocabulary, [V, d], is not for the states that it is to read.
  case headDoesNotFit(model: String, layer: Int, expected: [Int], found: [Int])
  case noSuchRow(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)
  /// More items of the vocabulary than there are, or none.
  case setTooLarge(Int, vocabulary: Int)
  /// A post-norm model has no norm before what reads.
  case noNormToFold(model: String)
  case widthDoesNotFit(model: String, expected: Int, found: Int)
  case noSuchHead(String, model: String, layers: Int, heads: Int)
  case noSuchVector(String, group: String, model: String, expected: String)

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
    case .noNormToFold(let model):
      "\(model): a norm can be folded only into what reads right behind it, and BERT normalises after adding; leave out "
        + "the folding, or give a GPT-2"
    case .widthDoesNotFit(let model, let expected, let found):
      "\(model): vectors of \(expected) numbers do not meet a matrix over the vocabulary of width \(found); give a base "
        + "model of the same hidden size"
    case .noSuchHead(let name, let model, let layers, let heads):
      "\(model) has no head \(name): heads are L0H0 to L\(layers - 1)H\(heads - 1)"
    case .noSuchVector(let name, let group, let model, let expected):
      "\(model) has no \(group) vector \(name): they are \(expected)"
    }
  }
}
