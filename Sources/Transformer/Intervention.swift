/// A replacement of a value during the forward pass: later computations use the new value, and observers see it.
///
/// Interventions belong to one pass; the model does not change. Those at one site apply in the order of the list.
public struct Intervention: Sendable, Equatable {
  /// The new value of a row.
  public enum Replacement: Sendable, Equatable {
    case zero
    /// These numbers in each row: as many as the site, or the head, has columns.
    case row([Float])
  }

  /// Which value is replaced.
  public let site: BlockSite
  /// The token of each sequence at which it applies, from 0; nil for every token.
  public let position: Int?
  /// The new value.
  public let replacement: Replacement

  /// A replacement at a site, of every token or of one.
  public init(_ site: BlockSite, at position: Int? = nil, _ replacement: Replacement) {
    self.site = site
    self.position = position
    self.replacement = replacement
  }

  /// Checks that the model has the site of each.
  /// - Parameter blocks: of the model whose blocks the interventions count.
  /// - Throws: `TransformerError.noSuchBlock`, `.noSuchHead`, `.noSuchPosition`, `.unchangeableSite`, `.differentWidth`.
  public static func check(_ interventions: [Intervention], blocks: [Dimensions], _ batch: PackedBatch) throws {
    _ = try InterventionTable(interventions, blocks: blocks, batch)
  }

  /// The same in another block.
  public func inLayer(_ layer: Int) -> Intervention {
    Intervention(site.inLayer(layer), at: position, replacement)
  }
}

/// The interventions of one pass, by site.
struct InterventionTable {
  private struct Change {
    let rows: [Range<Int>]
    let columns: Range<Int>
    let replacement: Intervention.Replacement
  }

  private var changes: [BlockSite: [Change]] = [:]

  /// No interventions.
  init() {}

  /// - Parameter blocks: of the model whose blocks `site.layer` counts.
  /// - Throws: `TransformerError`: a block, head, position or site that does not exist, a row of another width.
  init(_ interventions: [Intervention], blocks: [Dimensions], _ batch: PackedBatch) throws {
    for intervention in interventions {
      let site = intervention.site
      let columns = try site.columns(in: blocks)
      if case .row(let numbers) = intervention.replacement, numbers.count != columns.count {
        throw TransformerError.differentWidth(site: "\(site)", expected: columns.count, found: numbers.count)
      }
      let rows = try batch.sequences.map { sequence in
        guard let position = intervention.position else { return sequence }
        guard position >= 0, position < sequence.count else {
          throw TransformerError.noSuchPosition(site: "\(site)", position: position, tokens: sequence.count)
        }
        return sequence.lowerBound + position..<sequence.lowerBound + position + 1
      }
      changes[BlockSite(layer: site.layer, site: site.site), default: []]
        .append(Change(rows: rows, columns: columns, replacement: intervention.replacement))
    }
  }

  func has(_ site: Site, _ layer: Int) -> Bool {
    !changes.isEmpty && changes[BlockSite(layer: layer, site: site)] != nil
  }

  /// Writes the replacements into the site's rows, `stride` numbers apart.
  func apply(_ site: Site, _ layer: Int, _ pointer: UnsafeMutablePointer<Float>, stride: Int) {
    guard !changes.isEmpty, let changes = changes[BlockSite(layer: layer, site: site)] else { return }
    for change in changes {
      for row in change.rows.joined() {
        let out = pointer + row * stride + change.columns.lowerBound
        switch change.replacement {
        case .zero: out.update(repeating: 0, count: change.columns.count)
        case .row(let numbers):
          for (index, number) in numbers.enumerated() { out[index] = number }
        }
      }
    }
  }
}
