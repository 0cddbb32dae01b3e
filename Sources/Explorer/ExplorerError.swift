/// What the explorer refuses to start with, or to compute.
package enum ExplorerError: Error, Equatable, CustomStringConvertible {
  /// The address is in use, or is none of this machine's.
  case cannotListen(host: String, port: Int, reason: String)
  /// Two models that a request could not tell apart.
  case sameName(String)
  /// A model that was not opened.
  case noSuchModel(String)
  /// A tuned lens that belongs to none of the models.
  case foreignTunedLens(path: String, models: [String])
  /// A call that asks for more than is computed at one time.
  case tooMuch(what: String, found: Int, most: Int)
  /// A text of which no token is left.
  case emptyText
  /// A text with more tokens than the model reads.
  case tooLong(model: String, tokens: Int, positions: Int)
  /// A text that was to be one token.
  case notOneToken(String, pieces: [String])
  /// A token that the tokenizer of this model does not have.
  case noMask(model: String)
  /// What this model does not have: a classifier, a tuned lens, an atlas.
  case lacks(model: String, what: String)
  /// A text that names no change.
  case noChange(String)
  /// More computations than wait.
  case busy(model: String)

  package var description: String {
    switch self {
    case .cannotListen(let host, let port, let reason): "cannot listen at \(host), port \(port): \(reason)"
    case .sameName(let name): "two models are called \(name); give each once"
    case .noSuchModel(let name): "\"\(name)\" is none of the models that are open"
    case .foreignTunedLens(let path, let models):
      "\(path): expected a tuned lens of \(models.joined(separator: " or ")), found one of another head"
    case .tooMuch(let what, let found, let most): "\(what): at most \(most), found \(found)"
    case .emptyText: "the text has no token; give at least one word"
    case .tooLong(let model, let tokens, let positions):
      "the text has \(tokens) tokens, but \(model) reads at most \(positions); shorten it"
    case .notOneToken(let text, let pieces):
      "\"\(text)\" is not one token but \(pieces.isEmpty ? "none" : pieces.joined(separator: " ")); give one that is "
        + "(for a word of GPT-2 or RoBERTa after a space, begin with the space)"
    case .noMask(let model): "the tokenizer of \(model) has no mask token"
    case .lacks(let model, let what): "\(model) has no \(what)"
    case .noChange(let text):
      "\"\(text)\" is no change of a site, such as L2H1=zero, L3.mlp=mean or L1.residPost@4=from:TEXT"
    case .busy(let model): "\(model) is busy with other requests; try again"
    }
  }
}
