import Transformer

/// The predictions of every level at some positions of one text.
public struct LensText: Sendable {
  /// The positions, ascending from 0.
  public let positions: [Int]
  /// Upwards; the last is the model's own output.
  public let levels: [LensLevel]
  /// [levels][positions]; each cell follows the true token, the target and the token compared with it.
  public let cells: [[LensCell]]
  /// The true token of each position; nil where it is unknown.
  public let truth: [Int32?]
}

/// Tokens to follow in a text in addition to its true tokens.
public struct LensTargets: Sendable {
  /// A token whose rank and probability are followed.
  public var target: Int32?
  /// The token whose logit is subtracted.
  public var versus: Int32?

  /// Tokens by their ids; nil for none.
  public init(_ target: Int32? = nil, versus: Int32? = nil) {
    (self.target, self.versus) = (target, versus)
  }
}

extension LensCell {
  /// Of the true token; nil where it is unknown. For a cell of `LensText`, as the two below.
  public var truth: Followed? { followed[0] }
  /// Of the token that is followed.
  public var target: Followed? { followed[1] }
  /// Of the token whose logit is subtracted.
  public var versus: Followed? { followed[2] }
}

extension LogitLens {
  /// Reads a text. The true token of a position is the next one where the model predicts that, else unknown.
  /// - Parameters:
  ///   - positions: the positions to read; nil for all.
  ///   - top: how many tokens a cell lists.
  /// - Throws: as `read`.
  public func read(
    _ ids: [Int32], at positions: [Int]? = nil, top: Int = 10, following targets: LensTargets = LensTargets(),
    interventions: [Intervention] = [], workspace: Workspace
  ) throws -> LensText {
    let positions = positions ?? Array(ids.indices)
    let isCausal = model.traits.isCausal
    let truth = positions.map { !isCausal || $0 + 1 >= ids.count ? nil : ids[$0 + 1] }
    let cells = try cells(
      PackedBatch([ids]), rows: positions, truth: truth, top: top, targets, interventions, workspace: workspace)
    return LensText(positions: positions, levels: levels, cells: cells, truth: truth)
  }

  /// Reads each position of a text with the mask there, one copy of the text per position.
  /// - Parameters:
  ///   - positions: the positions to read.
  ///   - mask: the token that is put there.
  ///   - top: how many tokens a cell lists.
  ///   - progress: counts the positions, and can cancel the call between batches of copies.
  /// - Throws: as `read`; `CancellationError`.
  public func readMasking(
    _ ids: [Int32], at positions: [Int], with mask: Int32, top: Int = 10,
    following targets: LensTargets = LensTargets(), interventions: [Intervention] = [], workspace: Workspace,
    progress: ProgressHandler = .none
  ) throws -> LensText {
    var all = [[LensCell]](repeating: [], count: levels.count)
    try progress.during(.init("lens", unit: "tokens", total: positions.count)) { update in
      for range in PackedBatch.plan(positions.map { _ in ids.count }) {
        let places = positions[range]
        let copies = places.map { place in
          var copy = ids
          copy[place] = mask
          return copy
        }
        let cells = try cells(
          PackedBatch(copies), rows: places.enumerated().map { $0 * ids.count + $1 }, truth: places.map { ids[$0] },
          top: top, targets, interventions, workspace: workspace)
        for level in cells.indices { all[level] += cells[level] }
        try update(range.upperBound)
      }
    }
    return LensText(positions: positions, levels: levels, cells: all, truth: positions.map { ids[$0] })
  }

  /// The cells of the rows of a batch, [levels][rows].
  private func cells(
    _ batch: PackedBatch, rows: [Int], truth: [Int32?], top: Int, _ targets: LensTargets,
    _ interventions: [Intervention], workspace: Workspace
  ) throws -> [[LensCell]] {
    var cells = [[LensCell]](repeating: [], count: levels.count)
    try read(
      batch, rows: rows, top: top, following: { [truth[$0], targets.target, targets.versus] },
      interventions: interventions, workspace: workspace
    ) { _, row in
      for (level, cell) in row.enumerated() { cells[level].append(cell) }
    }
    return cells
  }
}
