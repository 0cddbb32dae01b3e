import Atlas
import Evaluation
import Interpretability
import Training
import Transformer

/// What an error says on the command line. Errors of the library carry facts; where what to do about one is an option or a
/// command, it is said here and nowhere else.
enum ErrorWording {
  static func message(of error: any Error) -> String { specific(error) ?? "\(error)" }

  /// nil where the library's own words do.
  private static func specific(_ error: any Error) -> String? {
    switch error {
    case let error as AtlasError: specific(error)
    case let error as EvaluationError: specific(error)
    case let error as InterpretabilityError: specific(error)
    case RunError.exists(let directory):
      "\(directory): holds this run already; give --resume to resume it, or another folder"
    case TrainingError.headDoesNotFit(_, _, let supported): "\(error); give --head \(supported)"
    case TrainingError.tooManyBlocks(let model, let asked, let blocks):
      "\(asked) blocks are to be trained, but \(model) has \(blocks); give --unfreeze 0 to \(blocks)"
    case TrainingError.diverged(let step, let loss):
      "the loss of step \(step) is \(loss); try a smaller --learning-rate"
    case TransformerError.tooLong(let tokens, let positions):
      "\(tokens) tokens, but there are \(positions) positions; "
        + "shorten the text or truncate it with --max-length \(positions)"
    case TransformerError.notSingleLabel:
      "\(error); classify, lens-classifier --text and attribute show what this model says"
    default: nil
    }
  }

  private static func specific(_ error: AtlasError) -> String? {
    switch error {
    case .missing(let path):
      "\(path): no such atlas; make one with graft atlas build MODEL -o \(path), or name another with --atlas"
    case .noDirections(let path):
      "\(path): was built without singular directions; build one with --svd under another path"
    case .notBuiltYet(let path, let place, let done, let parts):
      "\(path): \(place) is not built yet (\(done) of \(parts) parts are); graft atlas build continues it"
    case .noSuchWord(let word):
      "\"\(word)\": no token of the vocabulary is this word; graft tokenize shows its pieces, "
        + "and \(word)* finds every token that begins like it"
    default: nil
    }
  }

  private static func specific(_ error: EvaluationError) -> String? {
    switch error {
    case .noTokens: "\(error) with --reviews"
    case .noText: "\(error); give --text, --file or pipe text in"
    default: nil
    }
  }

  private static func specific(_ error: InterpretabilityError) -> String? {
    switch error {
    case .noHead:
      return
        "\(error); give --head embedding to read with its token embedding, or --unembedding BASE to borrow the head of "
        + "the model it was fine-tuned from"
    case .foreignUnembedding, .foreignVocabulary: return "--unembedding \(error)"
    case .foreignTunedLens, .tunedLensDoesNotFit: return "\(error) with graft lens-fit"
    case .notATunedLens(let path, let found):
      return "\(path): expected a tuned lens, as graft lens-fit writes it, found \(found)"
    case .noMaskForBaseline(let model):
      return "\(model) has no mask token; give --baseline zero or --baseline mean"
    case .patchOfAnotherLength(let site, let text, let found, let expected):
      return "--patch \(site): \"\(text)\" has \(found) tokens, the text that is patched \(expected); "
        + "give one of as many, or single tokens as in \(site)@3=from:TEXT"
    case .noPatchPosition(let site, let text, let position, let tokens):
      let place = CommandError.noSuchPlace(
        option: "--patch \(site)", found: "\(position)", tokens: tokens, source: "\"\(text)\"")
      return "\(place)"
    default: return nil
    }
  }
}
