import Tokenization
import Transformer

/// A checkpoint and its tokenizer, loaded once.
package struct TokenizedModel: Sendable {
  package let model: Model
  /// Unsupported settings throw only when it tokenizes a text.
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
