/// Why something cannot be read.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A head over the vocabulary, [V, d], is not for the states that it is to read.
  case headDoesNotFit(model: String, layer: Int, expected: [Int], found: [Int])
  case noSuchRow(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)
  /// The parts that a logit is attributed to do not add up to it.
  case partsDoNotSum(model: String, position: Int, sum: Double, logit: Double, magnitude: Double)

  public var description: String {
    switch self {
    case .headDoesNotFit(let model, let layer, let expected, let found):
      "\(model): the states of block \(layer) need a head over the vocabulary of \(expected), not of \(found); "
        + "give a model with the same tokenizer and hidden size"
    case .noSuchRow(let row, let tokens):
      "row \(row) of \(tokens) tokens: rows count from 0 to \(tokens - 1)"
    case .noSuchToken(let id, let vocabulary):
      "token \(id) of a vocabulary of \(vocabulary): ids count from 0 to \(vocabulary - 1)"
    case .partsDoNotSum(let model, let position, let sum, let logit, let magnitude):
      "\(model), position \(position): the parts add up to \(sum), the logit is \(logit); expected a difference of at "
        + "most \(LogitAttribution.tolerance) of the sum of magnitudes, \(magnitude); the model's numbers may be too large "
        + "for Float32"
    }
  }
}
