import Transformer

extension Verification {
  /// The stages up to the first over the tolerance: later ones were computed from numbers that were wrong already.
  package func stages(tolerance: Double) -> [Stage] {
    firstFailure(tolerance: tolerance).map { failed in stages.prefix { $0.name != failed.name } + [failed] } ?? stages
  }

  /// The errors of some stages.
  package func table(of shown: [Stage], tolerance: Double) -> Table {
    let failure = firstFailure(tolerance: tolerance)
    var table = Table(columns: [
      Table.Column("stage"), Table.Column("largest error", .trailing), Table.Column("of largest", .trailing),
      Table.Column("at"), Table.Column(""),
    ])
    for stage in shown {
      let failed = stage.name == failure?.name
      table.append([
        Table.Cell(stage.name), Table.Cell(stage.largestError.scientific),
        Table.Cell(stage.fraction.scientific, failed ? .bad : .plain), Table.Cell("\(stage.index)", .faint),
        failed ? Table.Cell("over \(tolerance.scientific)", .bad) : Table.Cell("ok", .good),
      ])
    }
    return table
  }

  package func text(_ shown: [Stage], of model: any TransformerModel, tolerance: Double, _ style: Style) -> String {
    var text = table(of: shown, tolerance: tolerance).text(style)
    if !notCompared.isEmpty { text += "not compared: \(notCompared.joined(separator: ", "))\n" }
    if let head = model.otherHead { text += "left out: \(head.title)\n" }
    if firstFailure(tolerance: tolerance) == nil, let worst = shown.max(by: { $0.fraction < $1.fraction }) {
      text +=
        "\(model.name) matches: \(shown.count) stages, largest error \(worst.fraction.scientific) "
        + "(\(worst.name)), allowed \(tolerance.scientific)\n"
    }
    return text
  }
}

extension Verification.Stage: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "name": name, "largest_error": largestError, "largest_magnitude": largestMagnitude, "fraction": fraction,
      "at": index,
    ])
  }
}
