import Evaluation
import Files
import Transformer

/// Where the unlabelled texts of a run come from.
package enum UnlabelledSource: Sendable {
  case texts(Dataset)
  /// This many texts that the pretrained model of a pair writes by itself (`TextSampling`), from a seed.
  case generated(Int)

  /// The word that asks for generated texts.
  package static let word = "generated"
  /// How many are written where no number is given.
  package static let defaultCount = 1000
  /// The most tokens of a text that a model writes.
  package static let tokens = 192

  /// The number of texts that `generated` or `generated:800` asks for; nil for another text, which is a path.
  /// - Throws: `StitchingError.unknownTexts` for a number that is none.
  package static func count(_ text: String) throws -> Int? {
    if text == word { return defaultCount }
    guard text.hasPrefix(word + ":") else { return nil }
    guard let count = Int(text.dropFirst(word.count + 1)), count >= 2 else { throw StitchingError.unknownTexts(text) }
    return count
  }
}

extension TokenizedModel {
  /// Texts that the model writes by itself, as a dataset without classes; those that are empty are left out.
  /// - Parameters:
  ///   - maxLength: the most tokens of a text, special ones included.
  ///   - seed: of the texts.
  /// - Throws: `TransformerError` for a model that cannot; `DatasetError.empty`; what `progress` throws.
  package func writtenTexts(
    _ count: Int, maxLength: Int, seed: UInt64, workspace: Workspace, progress: ProgressHandler = .none
  ) throws -> Dataset {
    let special = tokenizer.specialTokens
    let frame: TextSampling.Frame
    if model.traits.isCausal {
      guard let end = special.eos ?? special.bos else { throw StitchingError.cannotWrite(model: model.name) }
      frame = .after(end)
    } else {
      guard let mask = special.mask else { throw StitchingError.cannotWrite(model: model.name) }
      let roles = [special.cls, special.sep, special.mask, special.pad, special.unk, special.bos, special.eos]
      frame = .masks(
        mask: mask, prefix: tokenizer.template.prefix, suffix: tokenizer.template.suffix,
        excluded: Set(roles.compactMap { $0 }))
    }
    let sampling = try TextSampling(
      model, tokens: min(maxLength, UnlabelledSource.tokens), seed: seed, workspace: workspace)
    let texts = try sampling.texts(count, in: frame, progress: progress).filter { !$0.isEmpty }.map(tokenizer.decode)
    return try Dataset(name: UnlabelledSource.word + ":\(count)", texts: texts.filter { !$0.isEmpty })
  }
}

extension Dataset {
  /// One JSON object a line with `id`, `text` and a `label` that stands for none, as `Dataset.read` reads it.
  /// - Throws: `FileError`.
  package func write(to path: String) throws {
    try writeJSONLines(
      reviews.lazy.map { ["id": $0.id, "label": $0.label, "text": $0.text] as JSONMembers }, to: path)
  }
}
