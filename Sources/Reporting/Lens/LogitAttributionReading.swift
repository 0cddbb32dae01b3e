import Files
import Interpretability
import Tokenization
import Transformer

/// The parts of a logit at one place of a text.
package struct LogitAttributionReading {
  let attribution: LogitAttribution
  let position: Int
  let target: Int32
  let versus: Int32?
  let blocks: [Dimensions]
  let tokenizer: Tokenizer

  package init(
    attribution: LogitAttribution, position: Int, target: Int32, versus: Int32?, blocks: [Dimensions],
    tokenizer: Tokenizer
  ) {
    self.attribution = attribution
    self.position = position
    self.target = target
    self.versus = versus
    self.blocks = blocks
    self.tokenizer = tokenizer
  }

  /// "logit of ␣good minus ␣bad at token 6 (␣is)"
  package func title(_ ids: [Int32]) -> String {
    let name = tokenizer.display(target) + (versus.map { " minus \(tokenizer.display($0))" } ?? "")
    return "logit of \(name) at token \(position) (\(tokenizer.display(ids[position])))"
  }

  /// The largest magnitude of a part, at least 0.01.
  package var largest: Double { max(0.01, attribution.parts.map { abs($0.value) }.max() ?? 0) }

  /// Blocks upward; one column per head, one for the feed-forward block, one for embeddings, biases and norms.
  /// - Parameter ends: the value with the brightest colour; minus it has the darkest.
  package func heatMap(_ reading: LensReading, ends: Double) -> HeatMap {
    let heads = blocks.map(\.heads).max() ?? 0
    func cell(_ parts: [LogitAttribution.Part]) -> HeatMap.Cell {
      guard !parts.isEmpty else { return HeatMap.Cell("", values: [.nan]) }
      let value = parts.reduce(0) { $0 + $1.value }
      return HeatMap.Cell(
        values: [value],
        entries: parts.count == 1 ? [] : parts.map { HeatMap.Entry($0.name, $0.value) })
    }
    func row(_ name: String, _ parts: [LogitAttribution.Part]) -> HeatMap.Row {
      let ofHeads = (0..<heads).map { head in cell(parts.filter { $0.head == head }) }
      return HeatMap.Row(
        name,
        ofHeads + [
          cell(parts.filter { $0.kind == .mlp }), cell(parts.filter { $0.head == nil && $0.kind != .mlp }),
        ])
    }
    let outside = attribution.parts.filter { $0.layer == nil }
    let isBelow: (LogitAttribution.Part) -> Bool = { part in
      [.tokenEmbedding, .positionEmbedding, .typeEmbedding].contains(part.kind) || part.name == "embed.norm"
    }
    return HeatMap(
      title: "\(reading.modelName): \(reading.text.string.shortened(to: 90))",
      subtitle: "\(title(reading.ids)): \(attribution.sum.signed(3)), the sum of what is shown" + reading.changesText,
      columns: (0..<heads).map { "H\($0)" } + ["mlp", "rest"],
      rows: [row("embed", outside.filter(isBelow))]
        + blocks.indices.map { layer in row("L\(layer)", attribution.parts.filter { $0.layer == layer }) }
        + [row("head", outside.filter { !isBelow($0) })],
      statistics: [
        HeatMap.Statistic(
          "logits", explanation: "What the part adds to the logit; rest: embeddings, biases and shifts of norms.",
          range: -ends...ends, decimals: 3, format: .signed(2))
      ], xTitle: "head, feed-forward block, rest", yTitle: "block", entryName: "logits")
  }

  /// The largest parts, by magnitude.
  func table(_ reading: LensReading, top: Int) -> Table {
    var table = Table(
      caption: "\(title(reading.ids)): the largest of \(attribution.parts.count.counted("part"))" + reading.changesText,
      columns: [Table.Column("part"), Table.Column("logits", .trailing), Table.Column("share of |parts|", .trailing)])
    // Equal magnitudes keep the order of the forward pass.
    let ranked = attribution.parts.enumerated()
      .sorted { (abs($1.element.value), $0.offset) < (abs($0.element.value), $1.offset) }.map(\.element)
    func share(_ parts: ArraySlice<LogitAttribution.Part>) -> Double {
      attribution.magnitude > 0 ? parts.reduce(0) { $0 + abs($1.value) } / attribution.magnitude : 0
    }
    for index in ranked.indices.prefix(top) {
      table.append([
        Table.Cell(ranked[index].name), Table.Cell(ranked[index].value.signed(3), .strong),
        .number(share(ranked[index...index]), decimals: 3, .faint),
      ])
    }
    let others = ranked.dropFirst(top)
    if !others.isEmpty {
      table.append([
        Table.Cell("\(others.count) more", .faint), Table.Cell(others.reduce(0) { $0 + $1.value }.signed(3)),
        .number(share(others), decimals: 3, .faint),
      ])
    }
    table.append([
      Table.Cell("sum", .strong), Table.Cell(attribution.sum.signed(3), .strong), .number(1, decimals: 3, .faint),
    ])
    return table
  }
}

extension LogitAttributionReading: Encodable {
  package func encode(to encoder: any Encoder) throws {
    func token(_ id: Int32) -> JSONMembers { ["id": id, "token": tokenizer.token(id) ?? ""] }
    let parts = attribution.parts.map { part -> JSONMembers in
      ["name": part.name, "kind": part.kind.rawValue, "layer": part.layer, "head": part.head, "value": part.value]
    }
    try encoder.encode([
      "position": position, "target": token(target), "versus": versus.map(token), "logit": attribution.logit,
      "sum": attribution.sum, "sum_of_magnitudes": attribution.magnitude, "parts": parts,
    ])
  }
}
