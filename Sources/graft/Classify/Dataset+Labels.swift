import Evaluation
import Transformer

extension Dataset {
  /// The dataset with its labels as classes of a classifier.
  /// - Throws: `LabelError`, `TransformerError.missingHead`.
  func labelled(for model: any TransformerModel) throws -> Dataset { try labelled(for: ClassNames(of: model)) }
}
