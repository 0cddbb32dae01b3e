/// Errors of interpretability methods.
public enum InterpretabilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A head over the vocabulary, [V, d], does not fit the states.
  case headDoesNotFit(model: String, layer: Int, expected: [Int], found: [Int])
  case noSuchRow(Int, tokens: Int)
  case noSuchToken(Int, vocabulary: Int)
  /// The parts that a logit is attributed to do not add up to it.
  case partsDoNotSum(model: String, position: Int, sum: Double, logit: Double, magnitude: Double)
  /// Texts that cannot be split into three parts.
  case tooFewTexts(found: Int, needed: Int)
  /// Effective attention changes the output of attention.
  case outputChanged(layer: Int, head: Int, error: Double, allowed: Double, tolerance: Double)
  /// No text of a corpus has a token to predict.
  case nothingToPredict
  /// A set of no items, or of more than the vocabulary has.
  case setTooLarge(Int, vocabulary: Int)
  /// Translators were fitted with another head.
  case foreignTunedLens(model: String, expected: String, found: String)
  /// Translators do not fit the states: [states, d].
  case tunedLensDoesNotFit(model: String, expected: [Int], found: [Int])
  /// A stitched model's states are read by two heads.
  case tunedLensOfSegments(model: String)
  case notATunedLens(path: String, found: String)
  /// The mask baseline with a tokenizer without a mask.
  case noMaskForBaseline(model: String)
  /// A post-norm model has no norm before parameters that read.
  case noNormToFold(model: String)
  case widthDoesNotFit(model: String, expected: Int, found: Int)
  case noSuchHead(String, model: String, layers: Int, heads: Int)
  case noSuchLayer(Int, model: String, layers: Int)
  /// Two checkpoints have different shapes, so that they have no difference.
  case differentShapes(model: String, base: String, what: String, expected: String, found: String)
  case noSuchVector(String, group: String, model: String, expected: String)
  /// A text whose states replace all of another text's has another number of tokens.
  case patchOfAnotherLength(site: String, text: String, found: Int, expected: Int)
  /// A sweep takes states from a text with another number of tokens.
  case sweepOfAnotherLength(found: Int, expected: Int)
  /// Sweeps over texts of different lengths have no mean per position; texts count from 1.
  case sweepsOfDifferentShapes(text: Int, found: Int, expected: Int)
  /// A text lacks the token of a patched state.
  case noPatchPosition(site: String, text: String, position: Int, tokens: Int)

  /// There is no head over the vocabulary.
  case noHead(model: String)
  /// The head of another model has a vocabulary or a width of its own: [V, d].
  case foreignUnembedding(base: String, found: [Int], model: String, expected: [Int])
  /// The model of a borrowed head has other tokens.
  case foreignVocabulary(base: String, model: String, shared: Int, of: Int)

  public var description: String {
    switch self {
    case .headDoesNotFit(let model, let layer, let expected, let found):
      "\(model): the states of block \(layer) need a head over the vocabulary of \(expected), not of \(found); "
        + "give a model with the same tokenizer and hidden size"
    case .noSuchRow(let row, let tokens):
      "row \(row) of \(tokens) tokens: rows count from 0 to \(tokens - 1)"
    case .foreignTunedLens(let model, let expected, let found):
      "the tuned lens was fitted with the unembedding \(expected.prefix(12))…, \(model) has \(found.prefix(12))…; "
        + "fit one for this model and head"
    case .tunedLensDoesNotFit(let model, let expected, let found):
      "\(model): expected a tuned lens of \(expected[0]) states of \(expected[1]), found \(found[0]) of \(found[1]); "
        + "fit one for this model"
    case .tunedLensOfSegments(let model):
      "\(model) is a stitched model, whose states have two heads; a tuned lens is for one checkpoint"
    case .notATunedLens(let path, let found):
      "\(path): expected a tuned lens, found \(found)"
    case .noHead(let model): "\(model) has no head over the vocabulary to read its layers with"
    case .foreignUnembedding(let base, let found, let model, let expected):
      "\(base): expected a head of \(expected[0]) tokens x \(expected[1]) for \(model), found \(found[0]) x \(found[1]); "
        + "give the model that \(model) was fine-tuned from"
    case .foreignVocabulary(let base, let model, let shared, let count):
      "\(base): expected the vocabulary of \(model), found one that shares \(shared) of its \(count) tokens; "
        + "give the model that \(model) was fine-tuned from"
    case .nothingToPredict:
      "no text has a token to predict: a causal model needs texts of at least two tokens, one that fills masks of one "
        + "word"
    case .noSuchToken(let id, let vocabulary):
      "token \(id) of a vocabulary of \(vocabulary): ids count from 0 to \(vocabulary - 1)"
    case .partsDoNotSum(let model, let position, let sum, let logit, let magnitude):
      "\(model), position \(position): the parts add up to \(sum), the logit is \(logit); expected a difference of at "
        + "most \(LogitAttribution.tolerance) of the sum of magnitudes, \(magnitude); the model's numbers may be too large "
        + "for Float32"
    case .setTooLarge(let k, let vocabulary):
      "the \(k) highest of \(vocabulary) tokens: give a number from 1 to \(vocabulary)"
    case .tooFewTexts(let found, let needed):
      "\(found) texts cannot be split for training, validation and test; give at least \(needed)"
    case .noMaskForBaseline(let model):
      "\(model) has no mask token; give another baseline, zero or the mean"
    case .noNormToFold(let model):
      "\(model): a norm can be folded only into what reads right behind it, and this model normalises after "
        + "adding; leave out the folding, or give a model that normalises before, such as GPT-2"
    case .widthDoesNotFit(let model, let expected, let found):
      "\(model): vectors of \(expected) numbers do not meet a matrix over the vocabulary of width \(found); give a base "
        + "model of the same hidden size"
    case .noSuchHead(let name, let model, let layers, let heads):
      "\(model) has no head \(name): heads are L0H0 to L\(layers - 1)H\(heads - 1)"
    case .noSuchLayer(let layer, let model, let layers):
      "\(model) has no block \(layer): blocks count from 0 to \(layers - 1)"
    case .differentShapes(let model, let base, let what, let expected, let found):
      "\(model) cannot be compared with \(base): its \(what) is \(expected), that of \(base) \(found); give the checkpoint "
        + "that it was fine-tuned from"
    case .noSuchVector(let name, let group, let model, let expected):
      "\(model) has no \(group) vector \(name): they are \(expected)"
    case .patchOfAnotherLength(let site, let text, let found, let expected):
      "\(site): \"\(text)\" has \(found) tokens, the text that is patched \(expected); give one of as many, or patch "
        + "single tokens"
    case .sweepOfAnotherLength(let found, let expected):
      "the text that states are taken from has \(found) tokens, the text that is patched \(expected); give texts of "
        + "equally many tokens"
    case .sweepsOfDifferentShapes(let text, let found, let expected):
      "text \(text) has \(found) tokens, the first one \(expected): positions of texts of different lengths have no mean; "
        + "give texts of equally many tokens, or sweep over heads"
    case .noPatchPosition(let site, let text, let position, let tokens):
      "\(site): \"\(text)\" has the tokens 0 to \(tokens - 1), and no token \(position) to take a state from"
    case .outputChanged(let layer, let head, let error, let allowed, let tolerance):
      "L\(layer)H\(head): expected effective attention to make the head's output to \(allowed) of its norm, found a "
        + "difference of \(error); give a relative tolerance below \(tolerance) for the rank"
    }
  }
}
