import Files
import Interpretability
import Transformer

extension BenchCase {
  private static let sweptTokens = 64

  /// Every level by every position of 64 tokens, patched from a text without a token in common: as one sweep.
  static func patchSweep(_ arguments: BenchArguments) throws -> BenchCase {
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads, precision: arguments.precision)
    let (ids, source) = sweptIDs(model)
    return BenchCase {
      let sweep = try SiteSweep.patching(
        .residPost, in: ids, from: source, reading: .init(3, versus: 5), model: model, workspace: workspace)
      return differences(sweep.differences)
    }
  }

  /// The same, as one forward pass per patch: of the last block and the head only what the last token needs.
  static func patchLoop(_ arguments: BenchArguments) throws -> BenchCase {
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads, precision: arguments.precision)
    let (ids, source) = sweptIDs(model)
    let batch = try PackedBatch([ids])
    let sites = SiteSweep.Kind.residPost.sites(of: model)
    return BenchCase {
      let values = try model.values(at: sites, of: PackedBatch([source]), workspace: workspace)
      return differences(
        try sites.map { site in
          try ids.indices.map { token in
            let h = try model.forward(
              batch, rows: [ids.count - 1], workspace: workspace, observer: nil,
              interventions: [Intervention(site, at: token, .row(values[site]?[row: token] ?? []))])
            let scores = try model.tokenScores(h, row: ids.count - 1, workspace: workspace).logits
            return Double(scores[3]) - Double(scores[5])
          }
        })
    }
  }

  /// The ids of the text, and of the text that states are taken from.
  private static func sweptIDs(_ model: Model) -> ([Int32], [Int32]) {
    let ids = (0..<sweptTokens).map { Int32((7919 * $0 + 104729) % model.dimensions.vocabulary) }
    return (ids, ids.map { ($0 + 1) % Int32(model.dimensions.vocabulary) })
  }

  private static func differences(_ rows: [[Double]]) -> JSON {
    ["differences": .array(rows.map { .array($0.map { .number($0) }) })]
  }
}
