/// What can go wrong between a checkpoint, a text and a model. Every case says what was expected, found, and what to do.
public enum TransformerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// config.json names a model type that is not supported.
  case unknownModelType(path: String, found: String)
  /// A config option would change the forward pass and is not supported.
  case unsupportedOption(path: String, option: String, found: String, supported: String)
  /// Impossible sizes in config.json: zero, negative, or heads that do not divide the hidden size.
  case impossibleSize(path: String, option: String, found: String, expected: String)
  /// Two stored tensors that must be the same hold different numbers.
  case contradiction(path: String, tensor: String, other: String)
  /// A sequence without a token.
  case emptySequence(index: Int)
  /// A token id outside the vocabulary.
  case idOutOfRange(id: Int, position: Int, vocabulary: Int)
  /// A token type without an embedding.
  case tokenTypeOutOfRange(type: Int, position: Int, types: Int)
  /// Token types for a model without any, or not one per token.
  case tokenTypesMismatch(expected: Int, found: Int)
  /// More tokens than the model has positions.
  case tooLong(tokens: Int, positions: Int)
  /// A tensor of expected results does not fit the model.
  case differentShape(path: String, tensor: String, expected: [Int], found: [Int])
  /// A block that the model does not have.
  case noSuchBlock(site: String, blocks: Int)
  /// An attention head that the block does not have.
  case noSuchHead(site: String, heads: Int)
  /// A token that the text does not have.
  case noSuchPosition(site: String, position: Int, tokens: Int)
  /// A site that cannot be recorded or changed.
  case unchangeableSite(site: String, known: [String])
  /// A replacement row of another width.
  case differentWidth(site: String, expected: Int, found: Int)
  /// The checkpoint has no such head.
  case missingHead(model: String, head: String, advice: String)
  /// Accuracy needs a classifier that chooses one class.
  case notSingleLabel(path: String, found: String)
  /// The checkpoint has a head, but not a classifier of whole sequences.
  case otherHead(model: String, OtherHead)

  public var description: String {
    switch self {
    case .unknownModelType(let path, let found):
      let known = ModelFamily.all.map { "\"\($0.modelType)\"" }
      return "\(path): model_type is \(found); this build supports \(known.dropLast().joined(separator: ", ")) and "
        + (known.last ?? "none")
    case .unsupportedOption(let path, let option, let found, let supported):
      return "\(path): \(option) is \(found), which changes the forward pass; supported: \(supported)"
    case .impossibleSize(let path, let option, let found, let expected):
      return "\(path): \(option) is \(found); expected \(expected)"
    case .contradiction(let path, let tensor, let other):
      return "\(path): \(tensor) differs from \(other), but config.json ties the two; "
        + "set tie_word_embeddings to false or remove one of them"
    case .emptySequence(let index):
      return "sequence \(index) has no token; give at least one (for GPT-2 an empty text has none)"
    case .idOutOfRange(let id, let position, let vocabulary):
      return "token id \(id) at position \(position) is outside the vocabulary (0 to \(vocabulary - 1))"
    case .tokenTypeOutOfRange(let type, let position, let types):
      return types == 0
        ? "token type \(type) at position \(position): this model has no token types"
        : "token type \(type) at position \(position) is outside 0 to \(types - 1)"
    case .tokenTypesMismatch(let expected, let found):
      return "\(found) token types for \(expected) tokens; give one per token"
    case .tooLong(let tokens, let positions):
      return "\(tokens) tokens, but there are \(positions) positions; "
        + "truncate the text to \(positions)"
    case .differentShape(let path, let tensor, let expected, let found):
      return "\(path): \(tensor) has shape \(found); this model and these ids make \(expected)"
    case .noSuchBlock(let site, let blocks):
      return blocks == 0
        ? "\(site): the model has no block" : "\(site): there are \(blocks) blocks, L0 to L\(blocks - 1)"
    case .noSuchHead(let site, let heads):
      return "\(site): each block has \(heads) heads, H0 to H\(heads - 1)"
    case .noSuchPosition(let site, let position, let tokens):
      return "\(site) at position \(position): the text has \(tokens) tokens, 0 to \(tokens - 1)"
    case .unchangeableSite(let site, let known):
      return "\(site) cannot be replaced or read apart; the sites are \(known.joined(separator: ", "))"
    case .differentWidth(let site, let expected, let found):
      return "\(site) has rows of \(expected) numbers, not \(found)"
    case .missingHead(let model, let head, let advice):
      return "\(model) has no \(head); \(advice)"
    case .notSingleLabel(let path, let found):
      return
        "\(path) (problem_type): expected single_label_classification, found \(found): only where one class holds are "
        + "answers right or wrong"
    case .otherHead(let model, let head):
      let heads = head.modules.joined(separator: ", ")
      let place = head.modelClass.map { "\(model): \($0): its head \(heads)" } ?? "\(model): its head \(heads)"
      return "\(place) is not a sequence classifier; give a checkpoint of a sequence classifier, such as "
        + "imdb-bert-1-sentiment"
    }
  }
}
