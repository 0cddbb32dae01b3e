import DenseMath
import Evaluation
import Interpretability
import Reporting
import TestSupport
import Testing
import Tokenization
import Transformer

extension LensReading {
  /// What the library's lens says of a text.
  static func ofLibrary(
    _ name: String, _ text: String, masking: Bool = false, changes: [SiteChange] = [], target: String? = nil,
    tuned: TunedLens? = nil
  ) throws -> LensReading {
    let model = try RunningExplorer.model(name)
    let tokenizer = try model.tokenizer()
    let ids = try tokenizer.encode(text).ids
    let workspace = Workspace()
    let interventions = try SiteChanger(changes, of: model, workspace: workspace) { try tokenizer.encode($0).ids }
      .interventions(for: ids)
    let targets = LensTargets(try target.map { try SingleToken($0, tokenizer).id })
    let lens = try LogitLens(model, tuned: tuned)
    let read =
      masking
      ? try lens.readMasking(
        ids, at: Array(1..<ids.count - 1), with: #require(tokenizer.specialTokens.mask), following: targets,
        interventions: interventions, workspace: workspace)
      : try lens.read(ids, following: targets, interventions: interventions, workspace: workspace)
    return LensReading(
      InputText(text, source: ""), EncodedText(ids: ids, truncated: false), read, masksEach: masking,
      interventions: interventions, changes: changes.map(\.description), targets: targets, tokenizer: tokenizer,
      modelName: name)
  }
}
