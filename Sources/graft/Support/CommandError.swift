import Evaluation

/// What a command refuses although each file it was given is good.
enum CommandError: Error, Equatable, CustomStringConvertible {
  /// A text of which no token is left.
  case emptyText(source: String)
  /// The model predicts masked tokens, and this text has no mask.
  case noMask(text: String, mask: String)
  /// The tokenizer lacks a token that the command needs.
  case missingSpecialToken(directory: String, role: String, option: String)
  /// The file of expected results holds nothing that can be compared.
  case nothingToCompare(path: String, names: [String])
  /// A stage differs by more than the tolerance.
  case overTolerance(stage: String, fraction: String, tolerance: String)
  /// What a library found wrong, and what the user may do about it.
  case advised(String, advice: String)
  /// A text is longer than the model can read.
  case promptTooLong(source: String, tokens: Int, positions: Int)
  /// A place that the text does not have.
  case noSuchPlace(option: String, found: String, tokens: Int, source: String)
  /// A stitched model where one checkpoint is needed; `parts` are the models that it is made of.
  case stitchedModel(String, parts: [String])
  /// A stitched model is made of a model whose name is not known here.
  case unknownPart(path: String, name: String, folders: [String])
  /// The tokenizer has tokens for which the matrix over the vocabulary has no rows.
  case moreTokensThanRows(model: String, tokens: Int, rows: Int)
  /// The base of a fine-tuned model has other tokens.
  case foreignBase(base: String, model: String, id: Int)
  /// A point that an experiment does not have.
  case noSuchPoint(path: String, found: Int, count: Int)
  /// A list of words without a word.
  case noWords(path: String)
  /// Filters that no token passes.
  case noTokenLeft(of: Int)
  /// A text given as one token that is none.
  case unknownToken(source: String, text: String, pieces: [String], meant: String?)
  /// A head that the model does not have.
  case noSuchHead(head: String, model: String, blocks: Int, heads: Int)
  /// Two texts of a patch sweep with different numbers of tokens.
  case unequalTexts(source: String, tokens: Int, other: String, otherTokens: Int)
  /// A picture of more panels than are written apart.
  case tooManyPanels(Int, most: Int)
  /// A picture with one cell per pair of tokens would be too large.
  case tooLongForPicture(source: String, tokens: Int, most: Int, advice: String?)
  /// An output that a checkpoint's own file stands at.
  case replacesCheckpoint(path: String)
  /// An output that is a file which the command reads.
  case replacesInput(path: String, option: String, input: String)
  /// The model's files say that tokens are drawn, and the command line says nothing.
  case drawsByItself(path: String)
  /// An option that has no effect on this model.
  case uselessOption(String)
  /// No dataset was given, and the sample that comes with graft is not where it was looked for.
  case noSample(path: String)

  /// Columns that are not there, or cannot be told from others.
  case columns(DatasetError)

  var description: String {
    switch self {
    case .columns(let error):
      if case .noColumns = error { return "\(error): --text-column, --label-column" }
      return "\(error); --text-column and --label-column name the columns"
    case .uselessOption(let refusal): return refusal
    case .noSuchHead(let head, let model, let blocks, let heads):
      return "--heads \(head): \(model) has the blocks L0 to L\(blocks - 1) with the heads H0 to H\(heads - 1)"
    case .unequalTexts(let source, let tokens, let other, let otherTokens):
      return
        "\(source) has \(tokens) tokens, \(other) \(otherTokens): a patch sweep replaces each token's state by that of the "
        + "same token; give texts of equally many tokens (graft tokenize shows them)"
    case .tooManyPanels(let count, let most):
      return
        "the picture has \(count) panels, of which --figure-panels writes at most \(most); choose fewer, or leave it out"
    case .tooLongForPicture(let source, let tokens, let most, let advice):
      return "\(source): the picture shows at most \(most) tokens, found \(tokens); give --max-length \(most)"
        + (advice.map { ", or \($0)" } ?? "")
    case .replacesCheckpoint(let path):
      return "\(path): the file of a model stands there, which no other output replaces; give another path"
    case .replacesInput(let path, let option, let input):
      let source = input.isEmpty ? "an argument" : input
      return "\(option) \(path): this file is read too, as \(source); give another path"
    case .drawsByItself(let path):
      return
        "\(path) (do_sample): the model's settings draw tokens; give --sample to draw them here too, or --no-sample "
        + "for the most probable"
    case .noSample(let path):
      return "\(path): the IMDB sample that comes with graft is not there; give --dataset or --text"
    case .emptyText(let source):
      return "\(source): the text has no token; this model adds none of its own, so give at least one word"
    case .noMask(let text, let mask):
      return "\"\(text)\" has no \(mask): put \(mask) where the model is to predict a token"
    case .missingSpecialToken(let directory, let role, let option):
      return "\(directory): the tokenizer has no \(role) token, which \(option) needs"
    case .nothingToCompare(let path, let names):
      return "\(path): expected hidden, attention, logits or classifier_logits that this model makes too, "
        + "found \(names.isEmpty ? "nothing" : names.joined(separator: ", "))"
    case .overTolerance(let stage, let fraction, let tolerance):
      return "\(stage) is the first stage over the tolerance: "
        + "largest error \(fraction) of the tensor's largest magnitude, allowed \(tolerance)"
    case .advised(let error, let advice): return "\(error); \(advice)"
    case .promptTooLong(let source, let tokens, let positions):
      return "\(source): \(tokens) tokens, but the model reads at most \(positions); "
        + "give --max-length \(positions) to truncate the text"
    case .noSuchPlace(let option, let found, let tokens, let source):
      return "\(option) \(found): \(source) has the places 0 to \(tokens - 1); graft tokenize shows them"
    case .stitchedModel(let model, let parts):
      return "\(model): expected a checkpoint, found a stitched model; give one of the two models that it is made of, "
        + parts.joined(separator: " or ")
    case .unknownPart(let path, let name, let folders):
      return "\(path): expected the model \(name) in "
        + "\(folders.isEmpty ? "a folder of models" : folders.joined(separator: ", ")), found none; set GRAFT_MODELS to the "
        + "folder that holds it, or write in the file where it is (an absolute path, or one from this folder that begins "
        + "with ./ or ../)"
    case .moreTokensThanRows(let model, let tokens, let rows):
      return "\(model): the tokenizer has \(tokens) tokens, the matrix over the vocabulary \(rows) rows; "
        + "give a directory whose tokenizer files belong to its weights"
    case .foreignBase(let base, let model, let id):
      return
        "--against \(base): token \(id) is another one than that of \(model); give the model it was fine-tuned from"
    case .noSuchPoint(let path, let found, let count):
      return "\(path): --point \(found): expected a place in its list of points, 0 to \(count - 1)"
    case .noWords(let path):
      return "\(path): expected one word per line, found none"
    case .noTokenLeft(let count):
      return "none of the \(count) tokens passes the filters; leave one out"
    case .unknownToken(let source, let text, let pieces, let meant):
      let found = pieces.isEmpty ? "no token" : "\(pieces.count) tokens: \(pieces.joined(separator: " "))"
      let advice =
        meant.map { "did you mean '\($0)'" + ($0.hasPrefix(" ") ? ", the word after a space?" : "?") }
        ?? "give one that is (for a word of GPT-2 or RoBERTa after a space, begin with the space)"
      return "\(source) \"\(text)\" is not one token of the vocabulary but \(found); \(advice)"
    }
  }
}
