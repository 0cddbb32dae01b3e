import DenseMath
import Files
import Interpretability
import Tokenization
import Transformer

/// Tokens as `graft project` shows them: rows of the matrix that no token has are named by their number.
struct TokenLabels {
  let tokenizer: Tokenizer
  /// Cells are cut to this many characters.
  let width: Int

  func label(_ id: Int) -> String {
    tokenizer.token(Int32(id)) == nil ? text(id) : text(id).shortened(to: width)
  }

  /// Not cut.
  func text(_ id: Int) -> String { tokenizer.rowLabel(id) }

  /// `token` is null where no token has the id.
  func json(_ id: Int) -> JSONMembers { ["id": id, "token": tokenizer.token(Int32(id))] }

  func json(_ items: [ScoredID]) -> [JSONMembers] { items.map { json($0.id) + ["score": $0.score] } }
}

extension TokenEnds {
  func members(_ labels: TokenLabels) -> JSONMembers {
    ["highest": labels.json(highest), "lowest": labels.json(lowest)]
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
    projection.ends(vectors, top: top, among: ids, threads: threads)
  }

  func list(_ title: String, _ items: [ScoredID]) -> TokenList {
    TokenList(title, items.map { (labels.label($0.id), Double($0.score)) })
  }
}
