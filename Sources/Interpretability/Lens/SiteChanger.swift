import Transformer

/// Turns changes into the interventions of each text.
package struct SiteChanger {
  package let changes: [SiteChange]
  private let model: any TransformerModel
  private let workspace: Workspace
  /// The ids of a text that states are taken from.
  private let encode: (String) throws -> [Int32]
  /// Over the texts of `init`; nil where each text has its own.
  private let means: [BlockSite: [Float]]?

  /// - Parameters:
  ///   - texts: those of the means, over all their tokens; nil for the text that is changed.
  ///   - encode: gives the ids of the texts that `changes` name.
  /// - Throws: `TransformerError` for a site that does not exist, or a batch that the model does not support.
  package init(
    _ changes: [SiteChange], of model: any TransformerModel, meanOver texts: [PackedBatch]? = nil,
    workspace: Workspace, encode: @escaping (String) throws -> [Int32]
  ) throws {
    self.changes = changes
    self.model = model
    self.workspace = workspace
    self.encode = encode
    means = try texts.map { try model.means(at: Self.averaged(changes), over: $0, workspace: workspace) }
  }

  /// The interventions of a pass over a text of these ids.
  /// - Throws: `InterpretabilityError.noPatchPosition`, `.patchOfAnotherLength`, `TransformerError`, what `encode` throws.
  package func interventions(for ids: [Int32]) throws -> [Intervention] {
    guard !changes.isEmpty else { return [] }
    let averaged = Self.averaged(changes)
    let means =
      try self.means
      ?? (averaged.isEmpty ? [:] : model.means(at: averaged, over: [PackedBatch([ids])], workspace: workspace))
    return try changes.flatMap { change -> [Intervention] in
      switch change.source {
      case .zero: return [Intervention(change.site, at: change.position, .zero)]
      case .mean: return [Intervention(change.site, at: change.position, .row(means[change.site] ?? []))]
      case .text(let text, let origin): return try patches(change, from: text, at: origin, tokens: ids.count)
      }
    }
  }

  private func patches(
    _ change: SiteChange, from text: String, at origin: Int?, tokens: Int
  ) throws -> [Intervention] {
    let batch = try PackedBatch([encode(text)])
    guard let values = try model.values(at: [change.site], of: batch, workspace: workspace)[change.site] else {
      return []
    }
    guard let position = change.position else {
      guard values.rows == tokens else {
        throw InterpretabilityError.patchOfAnotherLength(
          site: "\(change.site)", text: text, found: values.rows, expected: tokens)
      }
      return (0..<tokens).map { Intervention(change.site, at: $0, .row(values[row: $0])) }
    }
    let row = origin ?? position
    guard row < values.rows else {
      throw InterpretabilityError.noPatchPosition(
        site: "\(change.site)", text: text, position: row, tokens: values.rows)
    }
    return [Intervention(change.site, at: position, .row(values[row: row]))]
  }

  private static func averaged(_ changes: [SiteChange]) -> [BlockSite] {
    changes.filter { $0.source == .mean }.map(\.site)
  }
}
