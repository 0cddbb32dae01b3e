import Stitching

extension StitchStatus {
  /// A line per folder.
  package var table: Table {
    var table = Table(columns: [
      .init("part", .trailing), .init("folder", isWhole: true), .init("state"), .init("points", .trailing),
      .init("batches", .trailing), .init("processor"),
    ])
    for part in parts {
      table.append([
        .known(part.shard.map { "\($0.index)/\($0.count)" }, .faint), .init(part.folder), part.stateCell,
        .known(part.points.map { "\($0.done)/\($0.total)" }),
        .known(part.batches.map { "\($0.done)/\($0.total)" }, .faint), .known(part.processor, .faint),
      ])
    }
    return table
  }

  /// The table, then what a merge lacks.
  package func text(_ style: Style) -> String {
    let reasons = parts.compactMap(\.reason).map { style.painted("unreadable: ", .bad) + $0 + "\n" }
    return table.text(style) + reasons.joined() + (merge.map { Self.text($0, style) } ?? "")
  }

  private static func text(_ merge: Merge, _ style: Style) -> String {
    let finished = merge.count - merge.unfinished.count
    var text = "\(finished) of \(merge.count.counted("part")) finished"
    if !merge.unfinished.isEmpty { text += "; not yet: \(ranges(merge.unfinished))" }
    guard !merge.problems.isEmpty else { return text + "; ready to merge\n" }
    return text + "\n" + merge.problems.map { style.painted("not ready to merge: ", .faint) + $0 + "\n" }.joined()
  }
}

extension StitchStatus.Part {
  fileprivate var stateCell: Table.Cell {
    switch state {
    case .missing: .init("missing", .bad)
    case .running: .init("running")
    case .stopped: .init("stopped, resumable", .bad)
    case .finished: .init("finished", .good)
    case .unreadable: .init("unreadable", .bad)
    }
  }
}
