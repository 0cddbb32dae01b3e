import DenseMath
import Files
import Interpretability
import Tokenization
import Transformer

/// Tokens by the rows of a projection: rows that no token has are named by their number.
package struct TokenLabels {
  let tokenizer: Tokenizer
  /// The most characters of a label.
  let width: Int

  package init(_ tokenizer: Tokenizer, width: Int) { (self.tokenizer, self.width) = (tokenizer, width) }

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

/// Reads parameters as tokens.
package struct TokenReader {
  package let projection: VocabularyProjection
  package let labels: TokenLabels
  /// The tokens that take part; nil for all.
  package let ids: [Int]?
  /// Tokens at each end, or pairs.
  package let top: Int
  package let threads: Threads

  package init(_ projection: VocabularyProjection, _ labels: TokenLabels, among ids: [Int]?, top: Int, threads: Threads)
  {
    (self.projection, self.labels, self.ids, self.top, self.threads) = (projection, labels, ids, top, threads)
  }

  /// Both ends of each of some vectors, [n, d], as the projection prepares them.
  func ends(_ vectors: Tensor) -> [TokenEnds] { projection.ends(vectors, top: top, among: ids, threads: threads) }

  private func list(_ title: String, _ items: [ScoredID]) -> TokenList {
    TokenList(title, items.map { (labels.label($0.id), Double($0.score)) })
  }

  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  package func vectors(_ named: [(group: ParameterKind, place: VectorPlace)]) throws -> ProjectionReport {
    let ends = try named.map { group, place in
      let row = try projection.row(of: place, in: group)
      return self.ends(try projection.vectors(group, layer: place.layer)[rows: row..<row + 1])[0]
    }
    return ProjectionReport(
      "vectors",
      zip(named, ends).map { ["group": $0.group.rawValue, "name": "\($0.place)"] + $1.members(labels) },
      zip(named, ends).map { named, ends in
        Table.lists(
          "\(projection.model.name) \(named.group.rawValue) \(named.place)",
          [list("highest", ends.highest), list("lowest", ends.lowest)])
      })
  }

  /// - Parameter groups: the group of each token, of whose pairs one each is kept; nil keeps all.
  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  package func pairs(
    _ matrix: VocabularyProjection.HeadMatrix, of head: HeadPlace, lowest: Bool, groups: [Int32]?
  ) throws -> ProjectionReport {
    let found = try projection.topPairs(
      matrix, of: head, count: top, lowest: lowest, selecting: .init(rows: ids, columns: ids, groups: groups),
      threads: threads)
    return ProjectionReport(
      "pairs",
      found.map { pair -> JSONMembers in
        ["column": labels.json(pair.column), "row": labels.json(pair.row), "score": pair.score]
      },
      [
        Table.pairs(
          "\(projection.model.name) \(head) \(matrix.title), \(lowest ? "lowest" : "highest") pairs", of: matrix,
          found.map { (labels.label($0.row), labels.label($0.column), $0.score) })
      ])
  }

  /// Singular directions of a head's matrix.
  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  package func directions(
    _ count: Int, of matrix: VocabularyProjection.HeadMatrix, _ head: HeadPlace
  ) throws -> ProjectionReport {
    let found = try projection.readings(directions: count, of: matrix, head, top: top, among: ids, threads: threads)
    return report(found, "\(head) \(matrix.title)", sides: matrix.sides, layer: head.layer)
  }

  /// Singular directions of a block's feed-forward keys or values.
  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  package func directions(_ count: Int, of group: ParameterKind, layer: Int) throws -> ProjectionReport {
    let found = try projection.readings(
      directions: count, of: group, layer: layer, top: top, among: ids, threads: threads)
    return report(found, "\(Address(layer: layer)) \(group.rawValue)s", sides: ["tokens"], layer: layer)
  }

  private func report(
    _ found: [DirectionReading], _ name: String, sides: [String], layer: Int
  ) -> ProjectionReport {
    func neurons(_ direction: DirectionReading) -> [(text: String, score: Double)] {
      direction.neurons.map { ("\(VectorPlace(layer: layer, index: $0.index))", $0.weight) }
    }
    let objects = found.map { direction -> JSONMembers in
      let isOfHead = direction.right != nil
      return [
        "left": direction.left.members(labels),
        "neurons": isOfHead ? nil : neurons(direction).map { ["name": $0.text, "weight": $0.score] as JSONMembers },
        "right": direction.right.map { $0.members(labels) }, "value": direction.value,
      ]
    }
    let tables = found.enumerated().map { index, direction in
      let lists = zip(sides, [direction.left] + (direction.right.map { [$0] } ?? [])).flatMap { side, ends in
        [list(side + " +", ends.highest), list(side + " -", ends.lowest)]
      }
      return Table.lists(
        "\(projection.model.name) \(name), direction \(index), singular value \(direction.value.fixed(4))",
        lists + (direction.right == nil ? [TokenList("neurons", neurons(direction), numbers: "weight")] : []))
    }
    return ProjectionReport("directions", objects, tables)
  }
}

/// What a projection found, for programs and for people.
package struct ProjectionReport {
  package let members: JSONMembers
  private let parts: [Part]

  /// A piece of the text.
  enum Part {
    case table(Table)
    case facts(FactSheet)
  }

  /// Members that were not asked for are null.
  /// - Parameters:
  ///   - found: what was asked for: one of directions, displacement, pairs and vectors.
  ///   - parts: the text, part by part.
  init(_ key: String, _ found: any Encodable, _ parts: [Part]) {
    members = ["directions", "displacement", "pairs", "vectors"].reduce([:] as JSONMembers) { members, name in
      members + (name == key ? [name: found] : [name: JSON.null])
    }
    self.parts = parts
  }

  init(_ key: String, _ found: any Encodable, _ tables: [Table]) { self.init(key, found, tables.map(Part.table)) }

  package func text(_ style: Style) -> String {
    parts.map { part in
      switch part {
      case .table(let table): table.text(style)
      case .facts(let sheet): sheet.text(style)
      }
    }.joined(separator: "\n")
  }

  package var tables: [Table] { parts.compactMap { if case .table(let table) = $0 { table } else { nil } } }
}
