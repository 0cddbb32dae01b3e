import Files

/// The added tokens of a tokenizer. One in the vocabulary keeps its id; another gets the next free id, whatever id a
/// file gives it, as in the `tokenizers` package.
struct AddedVocabulary {
  private let vocabulary: Vocabulary
  private(set) var tokens: [AddedToken] = []
  private var indexByContent: [ExactKey: Int] = [:]
  private var largest: Int32 = -1

  init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// The id of a token, added or not.
  func id(of content: String) -> Int32? {
    indexByContent[ExactKey(content)].map { tokens[$0].id } ?? vocabulary.id(of: content)
  }

  func contains(_ content: String) -> Bool { indexByContent[ExactKey(content)] != nil }

  /// Adds a token, or gives new flags to one that was added before.
  /// - Returns: its id; nil for an empty token, which is left out.
  @discardableResult
  mutating func add(_ token: NamedToken) -> Int32? {
    guard !token.content.isEmpty else { return nil }
    let key = ExactKey(token.content)
    if let index = indexByContent[key] {
      let old = tokens[index]
      tokens[index] = token.added(id: old.id)
      // Once special, a token stays so.
      if old.isSpecial { tokens[index].isSpecial = true }
      return old.id
    }
    // Free ids begin at the number of tokens: for a vocabulary with holes the package assigns an id twice.
    let size = Int32(vocabulary.count - vocabulary.holes.count)
    let id = vocabulary.id(of: token.content) ?? max(size, largest + 1)
    largest = max(largest, id)
    indexByContent[key] = tokens.count
    tokens.append(token.added(id: id))
    return id
  }
}
