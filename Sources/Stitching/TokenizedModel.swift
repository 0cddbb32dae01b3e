import Tokenization
import Transformer

/// A checkpoint with the tokenizer that reads its texts and names the rows of its embedding, loaded once.
package struct TokenizedModel: Sendable {
  package let model: Model
  /// Files that are not supported are no error until it reads a text.
  package let tokenizer: Tokenizer

  /// - Throws: what loading a tokenizer throws.
  package init(_ model: Model) throws {
    self.model = model
    tokenizer = try model.vocabularyTokenizer()
  }
}

extension SharedVocabulary {
  /// The tokens of two models, by their tokenizer files.
  /// - Throws: `TokenizationError` for vocabularies that differ.
  package init(_ a: TokenizedModel, _ b: TokenizedModel, allowsPartial: Bool) throws {
    try self.init(
      a.tokenizer, rows: a.model.wE.rows, b.tokenizer, rows: b.model.wE.rows, allowsPartial: allowsPartial)
  }
}
