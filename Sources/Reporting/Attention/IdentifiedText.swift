import Evaluation
import Files
import Interpretability
import Tokenization
import Transformer

/// Effective attention of one text.
package struct IdentifiedText {
  package let text: InputText
  package let ids: [Int32]
  package let truncated: Bool
  package let record: AttentionRecord
  package let targets: [AttentionTarget]
  /// Heads whose weights were kept for a page or a picture.
  package let kept: [EffectiveAttention.Head]
  package let tokenizer: Tokenizer
  package let modelName: String
  /// Whether the null space within probability rows was asked for.
  package let simplex: Bool

  package init(
    text: InputText, tokens: EncodedText, record: AttentionRecord, targets: [AttentionTarget],
    kept: [EffectiveAttention.Head], tokenizer: Tokenizer, modelName: String, simplex: Bool
  ) {
    self.text = text
    (ids, truncated) = (tokens.ids, tokens.truncated)
    self.record = record
    self.targets = targets
    self.kept = kept
    self.tokenizer = tokenizer
    self.modelName = modelName
    self.simplex = simplex
  }

  /// The tokens in readable form.
  package var tokens: [String] { ids.map(tokenizer.display) }

  /// One line per head.
  package var table: Table {
    let kinds = targets.prefix { $0 != .itself }.filter { $0 != .other }
    var columns = [
      Table.Column("head"), Table.Column("rank", .trailing), Table.Column("null", .trailing),
    ]
    if simplex { columns.append(Table.Column("simplex", .trailing)) }
    columns += [Table.Column("null share", .trailing), Table.Column("r", .trailing)]
    columns += kinds.flatMap { [Table.Column($0.title(tokenizer), .trailing), Table.Column("eff.", .trailing)] }
    var table = Table(
      caption: "\(modelName): \(ids.count.counted("token"))\(truncated ? ", truncated" : ""): "
        + text.string.shortened(to: 60), columns: columns)
    for head in record.heads {
      var row: [Table.Cell] = [
        "\(Address(layer: head.layer, head: head.head))", .count(head.rank), .count(head.nullDimension),
      ]
      if simplex { row.append(.count(head.simplexNullDimension)) }
      row += [.number(head.nullShare, decimals: 3), .number(head.correlation, decimals: 3)]
      for kind in kinds {
        let index = targets.firstIndex(of: kind) ?? 0
        row += [
          .number(head.shares.raw[index], decimals: 3), .number(head.shares.effective[index], decimals: 3, .strong),
        ]
      }
      table.append(row)
    }
    return table
  }

  /// Raw, effective and null part of the kept heads, side by side.
  /// - Parameter show: the part that comes first in a narrow window.
  package func panels(show: AttentionPart) -> MatrixPanels? {
    guard !kept.isEmpty else { return nil }
    return MatrixPanels(
      title:
        "\(ids.count.counted("token"))\(truncated ? ", truncated" : ""). Pictures share one scale a head; the "
        + "text is coloured by the chosen row, in parts of its largest number.",
      tokens: tokens,
      panels: (
        "raw: the model's attention weights", "effective: what the output depends on",
        "null part: raw minus effective"
      ),
      shown: AttentionPart.allCases.firstIndex(of: show) ?? 0,
      items: kept.map { head in
        let own = record.heads.first { $0.layer == head.layer && $0.head == head.head }
        return MatrixPanels.Item(
          "\(Address(layer: head.layer, head: head.head))",
          note: "rank \(head.rank) of \(ids.count), null space of \(head.nullDimension) dimensions, "
            + "null share \((own?.nullShare ?? .nan).fixed(3)), r \((own?.correlation ?? .nan).fixed(3))",
          first: head.raw.values.map { Float($0) }, second: head.effective.values.map { Float($0) })
      })
  }

  /// One head as a heat map, the first token on top, in the colours of `panels`.
  package func heatMap(_ head: EffectiveAttention.Head, show: AttentionPart) -> HeatMap {
    let size = ids.count
    let largest = (head.raw.values + head.effective.values).reduce(0.001) { max($0, abs($1)) }
    let statistics = AttentionPart.allCases.map { part in
      HeatMap.Statistic(
        part.rawValue, explanation: part.explanation, range: -largest...largest, spacing: .squareRoot, decimals: 3)
    }
    let rows = (0..<size).reversed().map { row in
      HeatMap.Row(
        tokenizer.display(ids[row]),
        (0..<size).map { column in
          HeatMap.Cell(
            "",
            values: AttentionPart.allCases.map {
              $0.value(raw: head.raw[row, column], effective: head.effective[row, column])
            })
        })
    }
    return HeatMap(
      title: "\(modelName), \(Address(layer: head.layer, head: head.head))",
      subtitle: "rows look at columns; rank \(head.rank) of \(size) tokens", columns: tokens, rows: rows,
      statistics: statistics, shown: AttentionPart.allCases.firstIndex(of: show) ?? 0,
      xTitle: "token that is looked at", yTitle: "token that looks")
  }
}

extension IdentifiedText: Encodable {
  package func encode(to encoder: any Encoder) throws {
    let heads = record.heads.map { head -> JSONMembers in
      let shares = targets.indices.map { index -> [String: Double] in
        [
          "effective": head.shares.effective[index], "magnitude": head.shares.magnitude[index],
          "raw": head.shares.raw[index],
        ]
      }
      return [
        "correlation": head.correlation, "head": head.head, "layer": head.layer, "null_dimension": head.nullDimension,
        "null_share": head.nullShare, "output_error": head.outputError, "rank": head.rank,
        "shares": AttentionTarget.members(targets, shares),
        "simplex_null_dimension": Absent(wrappedValue: simplex ? head.simplexNullDimension : nil),
      ]
    }
    try encoder.encode([
      "heads": heads, "ids": ids, "text": text.string, "tokens": ids.map { tokenizer.token($0) ?? "" },
      "truncated": truncated, "uniform": AttentionTarget.members(targets, record.uniform),
    ])
  }
}

extension AttentionTarget {
  /// As a table has it; special tokens as the vocabulary spells them.
  package func title(_ tokenizer: Tokenizer) -> String {
    switch self {
    case .cls, .sep: words(tokenizer)
    case .punctuation: "punct."
    default: rawValue
    }
  }

  /// In a sentence.
  package func words(_ tokenizer: Tokenizer) -> String {
    switch self {
    case .cls: tokenizer.specialTokens.cls.map(tokenizer.display) ?? rawValue
    case .sep: tokenizer.specialTokens.sep.map(tokenizer.display) ?? rawValue
    case .first: "the first token"
    case .punctuation: "punctuation"
    case .other: "other tokens"
    case .itself: "the token itself"
    case .previous: "the token before"
    case .next: "the token after"
    }
  }
}
