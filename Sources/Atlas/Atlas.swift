import Files
import Foundation
import GRDB
import Interpretability
import Transformer

/// An atlas opened for reading: its stamp, its progress, and its contents.
package final class Atlas {
  package let path: String
  /// The stamp of its build.
  package let stamp: JSON
  /// Parts that are built.
  package let done: Int
  package let parts: Int
  /// V, rows of the matrix that parameters were projected with.
  package let vocabulary: Int
  package let layers: Int
  package let heads: Int
  let hidden: Int
  let feedForward: Int
  /// Singular directions of each matrix, if it has as many; 0 for an atlas without.
  package let directions: Int
  let queue: DatabaseQueue

  package var isComplete: Bool { done == parts }

  /// - Throws: `AtlasError`.
  package init(_ path: String) throws {
    self.path = path
    let queue = try AtlasFile.openToRead(path)
    self.queue = queue
    let (row, done) = try AtlasFile.translated(path) {
      try queue.read { db in
        (try Row.fetchOne(db, sql: "SELECT * FROM atlas"), try Int.fetchOne(db, sql: "SELECT count(*) FROM part") ?? 0)
      }
    }
    guard let row else { throw AtlasError.damaged(path: path, reason: "the table atlas is empty") }
    stamp = try JSON.parse(row["stamp"] as String, path: path)
    self.done = done
    (parts, vocabulary, layers, heads) = (row["parts"], row["vocabulary"], row["layers"], row["heads"])
    (hidden, feedForward) = (row["hidden"], row["feed_forward"])
    directions = row["directions"] as Int? ?? 0
  }

  /// A token and its score.
  package struct RankedToken: Equatable, Sendable, Encodable {
    package let id: Int
    /// For display; "[row 8190, no token]" for a row of the matrix without a token.
    package let text: String
    package let score: Double

    private enum CodingKeys: String, CodingKey { case id, text = "token", score }
  }

  package struct RankedPair: Equatable, Sendable {
    package let left: RankedToken
    package let right: RankedToken
    package var score: Double { left.score }
  }

  /// One head's matrix, one vector or one singular direction.
  package struct Item: Equatable, Sendable {
    package let id: Int
    package let kind: AtlasKind
    package let layer: Int
    /// nil for neurons and their directions.
    package let head: Int?
    /// The neuron, the coordinate of a sub-head, or a direction's rank by singular value; nil for a head's matrix.
    package let place: Int?

    /// Its address: "L3H5", "L3:907", "L3H5:12"; for a direction that of its head, or its block, "L3".
    package var name: String {
      switch kind {
      case .head, .headDirection: return "\(HeadPlace(layer: layer, head: head ?? 0))"
      case .vector: return "\(VectorPlace(layer: layer, head: head, index: place ?? 0))"
      case .neuronDirection: return "\(Address(layer: layer))"
      }
    }

    init(_ row: Row) throws {
      id = row["id"]
      let name: String = row["kind"]
      guard let kind = AtlasKind(name: name) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an item of the kind \(name)")
      }
      self.kind = kind
      (layer, head, place) = (row["layer"], row["head"], row["place"])
    }
  }

  /// An item with its contents; best first.
  package struct Reading: Equatable, Sendable {
    package let item: Item
    /// Of a head's matrix.
    package let pairs: [RankedPair]
    /// Of a vector, or of a direction's left vector.
    package let highest: [RankedToken]
    package let lowest: [RankedToken]
    /// The rest of a singular direction; nil for others.
    package let direction: Direction?
  }

  /// A singular direction without the tokens of its left vector.
  package struct Direction: Equatable, Sendable {
    /// The singular value.
    package let value: Double
    /// Of the right vector of W_VO or W_QK; empty for keys and values.
    package let highest: [RankedToken]
    package let lowest: [RankedToken]
    /// Of keys and values: the neurons with the largest weights.
    package let neurons: [DirectionReading.Neuron]
  }

  /// Both matrices of a head, and their singular directions.
  /// - Throws: `AtlasError.notBuiltYet`, `InterpretabilityError.noSuchHead`.
  package func readings(of head: HeadPlace) throws -> [Reading] {
    guard (0..<layers).contains(head.layer), (0..<heads).contains(head.head) else {
      throw InterpretabilityError.noSuchHead("\(head)", model: modelName, layers: layers, heads: heads)
    }
    return try readings(
      "layer = ? AND head = ? AND (place IS NULL OR kind LIKE '%-svd')", [head.layer, head.head],
      expected: VocabularyProjection.HeadMatrix.allCases.count * (1 + min(directions, headSize)), "\(head)")
  }

  /// The singular directions of a block's feed-forward keys and values.
  /// - Throws: `AtlasError.noDirections`, `.notBuiltYet`, `InterpretabilityError.noSuchLayer`.
  package func readingsOfDirections(inBlock layer: Int) throws -> [Reading] {
    guard (0..<layers).contains(layer) else {
      throw InterpretabilityError.noSuchLayer(layer, model: modelName, layers: layers)
    }
    guard directions > 0 else { throw AtlasError.noDirections(path: path) }
    let kinds = ParameterKind.allCases.count { !$0.isAttention }
    return try readings(
      "layer = ? AND head IS NULL AND kind LIKE '%-svd'", [layer],
      expected: kinds * min(directions, hidden, feedForward), "\(Address(layer: layer))")
  }

  private var headSize: Int { hidden / max(1, heads) }

  /// Key and value of a neuron, or the four vectors of a sub-head.
  /// - Throws: `AtlasError.notBuiltYet`, `InterpretabilityError.noSuchHead`, `.noSuchVector`.
  package func readings(of vector: VectorPlace) throws -> [Reading] {
    let count = vector.head == nil ? feedForward : headSize
    guard (0..<layers).contains(vector.layer), (0..<count).contains(vector.index),
      vector.head.map({ (0..<heads).contains($0) }) ?? true
    else {
      let (first, last) = (vector.head.map { _ in 0 }, vector.head.map { _ in heads - 1 })
      throw InterpretabilityError.noSuchVector(
        "\(vector)", group: vector.head == nil ? "feed-forward" : "sub-head", model: modelName,
        expected: "\(VectorPlace(layer: 0, head: first, index: 0)) to "
          + "\(VectorPlace(layer: layers - 1, head: last, index: count - 1))")
    }
    let kinds = ParameterKind.allCases.count { $0.isAttention == (vector.head != nil) }
    return try readings(
      "layer = ? AND head IS ? AND place = ? AND kind NOT LIKE '%-svd'", [vector.layer, vector.head, vector.index],
      expected: kinds, "\(vector)")
  }

  /// All built items of a block, in the order of the plan.
  package func readings(ofLayer layer: Int) throws -> [Reading] {
    try readings("layer = ?", [layer], expected: 0, "L\(layer)")
  }

  /// The model's name in the stamp.
  package var modelName: String {
    guard case .string(let name)? = stamp["model"] else { return path }
    return name
  }

  private func readings(
    _ condition: String, _ arguments: StatementArguments, expected: Int, _ place: String
  ) throws -> [Reading] {
    let found = try AtlasFile.translated(path) {
      try queue.read { db in
        let items = try Row.fetchAll(db, sql: "SELECT * FROM item WHERE \(condition) ORDER BY id", arguments: arguments)
          .map { try Item($0) }
        let pairs = try Row.fetchAll(
          db,
          sql: """
            SELECT pair.*, a.display AS left_text, b.display AS right_text FROM pair
            JOIN token a ON a.id = pair.left JOIN token b ON b.id = pair.right
            WHERE item IN (SELECT id FROM item WHERE \(condition)) ORDER BY item, rank
            """, arguments: arguments)
        let scores = try Row.fetchAll(
          db,
          sql: """
            SELECT score.*, token.display AS text FROM score JOIN token ON token.id = score.token
            WHERE item IN (SELECT id FROM item WHERE \(condition)) ORDER BY item, side, rank
            """, arguments: arguments)
        let values = try Row.fetchAll(
          db, sql: "SELECT * FROM direction WHERE item IN (SELECT id FROM item WHERE \(condition))",
          arguments: arguments)
        let neurons = try Row.fetchAll(
          db, sql: "SELECT * FROM neuron WHERE item IN (SELECT id FROM item WHERE \(condition)) ORDER BY item, rank",
          arguments: arguments)
        let pairsOf = Dictionary(grouping: pairs) { $0["item"] as Int }
        let scoresOf = Dictionary(grouping: scores) { $0["item"] as Int }
        let neuronsOf = Dictionary(grouping: neurons) { $0["item"] as Int }
        let valueOf = Dictionary(values.map { ($0["item"] as Int, $0["value"] as Double) }) { first, _ in first }
        return items.map { item in
          func side(_ side: TokenSide) -> [RankedToken] {
            (scoresOf[item.id] ?? []).filter { ($0["side"] as Int) == side.rawValue }
              .map { RankedToken(id: $0["token"], text: $0["text"], score: $0["score"]) }
          }
          return Reading(
            item: item,
            pairs: (pairsOf[item.id] ?? []).map { row in
              RankedPair(
                left: RankedToken(id: row["left"], text: row["left_text"], score: row["score"]),
                right: RankedToken(id: row["right"], text: row["right_text"], score: row["score"]))
            }, highest: side(.highest), lowest: side(.lowest),
            direction: valueOf[item.id].map { value in
              Direction(
                value: value, highest: side(.rightHighest), lowest: side(.rightLowest),
                neurons: (neuronsOf[item.id] ?? []).map { .init(index: $0["neuron"], weight: $0["weight"]) })
            })
        }
      }
    }
    guard found.count >= expected else {
      throw AtlasError.notBuiltYet(path: path, place: place, done: done, parts: parts)
    }
    return found
  }
}
