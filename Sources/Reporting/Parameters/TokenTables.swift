import Interpretability

/// Tokens, or what else has a name, with their numbers, best first.
package struct TokenList {
  package let title: String
  /// What the numbers are.
  package let numbers: String
  package let items: [(text: String, score: Double)]

  package init(_ title: String, _ items: [(text: String, score: Double)], numbers: String = "score") {
    self.title = title
    self.items = items
    self.numbers = numbers
  }
}

extension Table {
  /// Several lists beside each other.
  package static func lists(_ caption: String, _ lists: [TokenList]) -> Table {
    var table = Table(
      caption: caption,
      columns: [Column("", .trailing)] + lists.flatMap { [Column($0.title), Column($0.numbers, .trailing)] })
    for row in 0..<(lists.map(\.items.count).max() ?? 0) {
      table.append(
        [.count(row + 1, .faint)]
          + lists.flatMap { list -> [Cell] in
            guard row < list.items.count else { return ["", ""] }
            return [Cell(list.items[row].text), .number(list.items[row].score, decimals: 4, .faint)]
          })
    }
    return table
  }

  /// The pairs of a head's matrix.
  package static func pairs(
    _ caption: String, of matrix: VocabularyProjection.HeadMatrix,
    _ pairs: [(left: String, right: String, score: Double)]
  ) -> Table {
    var table = Table(
      caption: caption,
      columns: [Column("", .trailing)] + matrix.sides.map { Column($0) } + [Column("score", .trailing)])
    for (index, pair) in pairs.enumerated() {
      table.append([
        .count(index + 1, .faint), .init(pair.left), .init(pair.right), .number(pair.score, decimals: 4, .faint),
      ])
    }
    return table
  }
}

extension VocabularyProjection.HeadMatrix {
  /// "W_VO", "W_QK"
  package var title: String { "W_\(rawValue.uppercased())" }
  /// What its two sides do, for headings.
  package var sides: [String] { self == .vo ? ["reads", "writes"] : ["attends", "attended"] }
}
