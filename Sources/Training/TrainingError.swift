/// Errors of a model, a data set or a folder in training.
package enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The architecture has no classifier of this kind.
  case headDoesNotFit(model: String, head: String, supported: String)
  /// More blocks are to be trained than there are.
  case tooManyBlocks(model: String, asked: Int, blocks: Int)
  /// Fewer than two classes, or too few texts, to learn from.
  case nothingToLearn(expected: String, found: String)
  /// The loss is no longer finite.
  case diverged(step: Int, loss: Double)
  /// A stored state of another run.
  case foreignState(path: String, expected: String, found: String)

  package var description: String {
    switch self {
    case .headDoesNotFit(let model, let head, let supported):
      return "\(model) cannot have the head \(head); its architecture has \(supported)"
    case .tooManyBlocks(let model, let asked, let blocks):
      return "\(asked) blocks are to be trained, but \(model) has \(blocks); train 0 to \(blocks)"
    case .nothingToLearn(let expected, let found):
      return "expected \(expected), found \(found)"
    case .diverged(let step, let loss):
      return "the loss of step \(step) is \(loss); try a smaller learning rate"
    case .foreignState(let path, let expected, let found):
      return "\(path): expected the state of this run, \(expected), found \(found); remove the folder and start again"
    }
  }
}
