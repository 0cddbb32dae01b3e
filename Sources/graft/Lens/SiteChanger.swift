import Transformer

/// Makes the interventions of a command for one text after the other.
struct SiteChanger {
  let changes: [SiteChange]
  private let model: any TransformerModel
  private let encoder: TextEncoder
  private let workspace: Workspace
  /// Over the texts of --mean-over; nil where each text has its own.
  private let means: [BlockSite: [Float]]?

  /// - Throws: `TransformerError` for a site that is not there, `FileError`, `CommandError`.
  init(
    _ options: InterventionOptions, _ model: any TransformerModel, _ encoder: TextEncoder, workspace: Workspace
  ) throws {
    changes = try options.changes()
    self.model = model
    self.encoder = encoder
    self.workspace = workspace
    means = try options.meanOver.map { path in
      let batches = try InputText.lines(of: path).map { text in
        try PackedBatch([Self.ids(text, model, encoder)])
      }
      return try model.means(at: Self.averaged(try options.changes()), over: batches, workspace: workspace)
    }
  }

  /// What to change in a pass over a text of these ids.
  /// - Throws: `CommandError.noSuchPlace`, `.patchOfAnotherLength`, `TransformerError`.
  func interventions(for ids: [Int32]) throws -> [Intervention] {
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
    let ids = try Self.ids(InputText(bytes: Array(text.utf8), source: "the text of --patch"), model, encoder)
    let values = try model.values(at: [change.site], of: PackedBatch([ids]), workspace: workspace)[change.site]
    guard let values else { return [] }
    guard let position = change.position else {
      guard values.rows == tokens else {
        throw CommandError.patchOfAnotherLength(
          site: "\(change.site)", text: text, found: values.rows, expected: tokens)
      }
      return (0..<tokens).map { Intervention(change.site, at: $0, .row(values[row: $0])) }
    }
    let row = origin ?? position
    guard row < values.rows else {
      throw CommandError.noSuchPlace(
        option: "--patch \(change.site)", found: "\(row)", tokens: values.rows, source: "\"\(text)\"")
    }
    return [Intervention(change.site, at: position, .row(values[row: row]))]
  }

  private static func averaged(_ changes: [SiteChange]) -> [BlockSite] {
    changes.filter { $0.source == .mean }.map(\.site)
  }

  private static func ids(_ text: InputText, _ model: any TransformerModel, _ encoder: TextEncoder) throws -> [Int32] {
    let ids = try encoder.encode(text.bytes, source: text.source).ids
    guard ids.count <= model.positions else {
      throw CommandError.promptTooLong(source: text.source, tokens: ids.count, positions: model.positions)
    }
    return ids
  }
}
