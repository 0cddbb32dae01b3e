import DenseMath
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

/// Tokens as `graft project` shows them: rows of the matrix that no token has are named by their number.
struct TokenLabels {
  let tokenizer: Tokenizer
  /// Cells are cut to this many characters.
  let width: Int

  func label(_ id: Int) -> String {
    tokenizer.token(Int32(id)) == nil ? "[row \(id), no token]" : tokenizer.display(Int32(id)).shortened(to: width)
  }

  /// `token` is null where no token has the id.
  func json(_ id: Int) -> [JSON.Member] {
    [
      JSON.Member("id", .integer(id)),
      JSON.Member("token", tokenizer.token(Int32(id)).map { .string($0) } ?? .null),
    ]
  }

  func json(_ items: [ScoredID]) -> JSON {
    .array(items.map { .object(json($0.id) + [JSON.Member("score", .float($0.score))]) })
  }
}

/// Both ends of a vector's scores over the vocabulary.
struct TokenEnds {
  let highest: [ScoredID]
  let lowest: [ScoredID]

  func members(_ labels: TokenLabels) -> [JSON.Member] {
    [JSON.Member("highest", labels.json(highest)), JSON.Member("lowest", labels.json(lowest))]
  }
}

/// What tokens of vectors are made with.
struct TokenReader {
  let projection: VocabularyProjection
  let labels: TokenLabels
  let ids: [Int]?
  let top: Int
  let threads: Threads

  /// Both ends of each of some vectors, [n, d], as the projection prepares them.
  func ends(_ vectors: Tensor) -> [TokenEnds] {
    let high = projection.tokens(vectors, top: top, among: ids, threads: threads)
    let low = projection.tokens(vectors, top: top, lowest: true, among: ids, threads: threads)
    return zip(high, low).map { TokenEnds(highest: $0, lowest: $1) }
  }

  /// A table of several lists beside each other, each a title with its tokens and scores.
  func table(_ caption: String, _ lists: [(title: String, items: [(text: String, score: Double)])]) -> Table {
    var table = Table(
      caption: caption,
      columns: [Table.Column("", .trailing)]
        + lists.flatMap { [Table.Column($0.title), Table.Column("score", .trailing)] })
    for row in 0..<(lists.map(\.items.count).max() ?? 0) {
      table.append(
        [.count(row + 1, .faint)]
          + lists.flatMap { list -> [Table.Cell] in
            guard row < list.items.count else { return ["", ""] }
            return [Table.Cell(list.items[row].text), .number(list.items[row].score, decimals: 4, .faint)]
          })
    }
    return table
  }

  func list(_ title: String, _ items: [ScoredID]) -> (title: String, items: [(text: String, score: Double)]) {
    (title, items.map { (labels.label($0.id), Double($0.score)) })
  }
}
