import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

/// How a classifier's decision forms, as `graft lens-classifier` shows it.
struct DecisionAnswer: Sendable {
  let model: ExploredModel

  /// - Throws: `ExplorerError`, `TransformerError`.
  func json(_ text: String, _ workspace: Workspace) throws -> JSON {
    guard model.model.classifier != nil else { throw ExplorerError.lacks(model: model.name, what: "classifier") }
    let lens = try ClassifierLens(model.model, threads: workspace.threads)
    let cleaned = try model.model.textCleaning().clean(text)
    let tokens = try model.encode(cleaned)
    let reading = ClassifierReading(
      text: text, tokens: tokens, levels: lens.levels, logits: try lens.read(PackedBatch([tokens.ids])).map { $0[0] },
      classifier: lens.classifier, modelName: model.name)
    return try JSON(encoding: ["map": reading.heatMap.pageObject, "reading": reading] as JSONMembers)
  }
}
