import Tokenization
import Transformer

/// What reads a hidden state as words.
package enum LensHeadChoice: String, CaseIterable, Sendable {
  /// The model's own head: BERT's whole masked-LM head, GPT-2's ln_f and matrix.
  case mlm
  /// The token embedding alone.
  case embedding

  /// The head for the states of each segment of a model: one for a checkpoint, two for a stitched model, whose kept blocks
  /// are read by the pretrained model's head.
  /// - Parameter base: a model that lends its head where this model's own would read.
  /// - Throws: `InterpretabilityError.noHead`, `.foreignUnembedding`, `.foreignVocabulary`; `TokenizationError`.
  package func heads(of model: any TransformerModel, borrowing base: Model?) throws -> [Unembedding] {
    let models = model.checkpoints
    let starts = model.segmentStarts
    return try models.suffix(starts.count).enumerated().map { index, part in
      if self == .embedding { return .embedding(part.wE) }
      guard index == starts.count - 1, let base else {
        guard let head = part.unembedding else { throw InterpretabilityError.noHead(model: part.name) }
        return head
      }
      guard let head = base.unembedding else { throw InterpretabilityError.noHead(model: base.name) }
      guard head.matrix.rows == part.dimensions.vocabulary, head.matrix.columns == part.dimensions.hidden else {
        throw InterpretabilityError.foreignUnembedding(
          base: base.name, found: [head.matrix.rows, head.matrix.columns], model: part.name,
          expected: [part.dimensions.vocabulary, part.dimensions.hidden])
      }
      // Two vocabularies of one size would read every layer as the wrong words, without an error.
      let tokenizers = try [model, base as any TransformerModel].map {
        try $0.vocabularyTokenizer()
      }
      let (rows, other) = (part.dimensions.vocabulary, head.matrix.rows)
      let shared = try SharedVocabulary(tokenizers[0], rows: rows, tokenizers[1], rows: other, allowsPartial: true)
      guard shared.isWhole else {
        throw InterpretabilityError.foreignVocabulary(
          base: base.name, model: part.name, shared: shared.rows.count, of: rows)
      }
      return head
    }
  }
}
