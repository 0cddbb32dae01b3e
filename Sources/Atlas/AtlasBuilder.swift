import DenseMath
import Files
import GRDB
import Interpretability
import Tokenization
import Transformer

/// Writes an atlas: every head's highest pairs and every vector's tokens of a model, in a SQLite file.
///
/// The work is a fixed list of parts. Each is committed whole, so a build that is killed leaves a database with the
/// parts before, and the next build continues after them; the final rows are those of a build that was never stopped.
/// Memory holds one part.
package final class AtlasBuilder {
  package let path: String
  private let projection: VocabularyProjection
  private let options: AtlasOptions
  private let selection: PairSearch.Selection
  private let threads: Threads
  private let plan: AtlasPlan
  private let queue: DatabaseQueue
  private var finished: Set<Int>

  /// Checks that an atlas can be built at a path, before long work. Changes nothing.
  /// - Throws: `AtlasError`, `FileError`.
  package static func check(_ path: String) throws { try AtlasFile.check(path) }

  /// Opens or creates the file, and starts an atlas in it or resumes the one that it holds.
  /// - Parameters:
  ///   - tokenizer: names the rows of the projection's matrix; rows past its vocabulary get a label.
  ///   - selection: the tokens to rank (its rows, for vectors too) and the pairs to leave out.
  ///   - stamp: an object with everything that defines the atlas.
  /// - Throws: `AtlasError`, `FileError` when the folder does not exist.
  package init(
    _ path: String, _ projection: VocabularyProjection, tokenizer: Tokenizer, options: AtlasOptions,
    selection: PairSearch.Selection = PairSearch.Selection(), stamp: JSON, threads: Threads
  ) throws {
    self.path = path
    self.projection = projection
    self.options = options
    self.selection = selection
    self.threads = threads
    let size = projection.model.dimensions
    let plan = AtlasPlan(
      layers: size.layers, heads: size.heads, hidden: size.hidden, feedForward: size.feedForward,
      directions: options.directions)
    self.plan = plan
    let queue = try AtlasFile.openToBuild(path)
    self.queue = queue
    finished = try AtlasFile.translated(path, parts: plan.parts.count) {
      try queue.write { db in
        switch try AtlasFile.state(db, path: path) {
        case .empty:
          try AtlasFile.create(db)
          try Self.describe(
            db, projection, tokenizer, stamp: stamp, parts: plan.parts.count, directions: options.directions)
          return []
        case .atlas(let schema):
          guard schema == AtlasFile.schema else {
            throw AtlasError.otherSchema(path: path, expected: AtlasFile.schema, found: schema)
          }
          try Self.check(db, stamp, directions: options.directions, path: path)
          return Set(try Int.fetchAll(db, sql: "SELECT number FROM part"))
        }
      }
    }
  }

  /// Parts that are built, of all.
  package var progress: (done: Int, parts: Int) { (finished.count, plan.parts.count) }

  /// Builds the missing parts.
  /// - Parameter progress: counts the parts.
  /// - Throws: `AtlasError`, also for a full disk, with the parts before committed; `LinearAlgebraError`.
  package func build(progress handler: ProgressHandler = .none) throws {
    let work = ProgressHandler.Work("atlas", unit: "parts", total: progress.parts, resumed: progress.done)
    try handler.during(work) { update in
      for (number, part) in plan.parts.enumerated() where !finished.contains(number) {
        switch part.kind {
        case .head(let matrix):
          let (left, right) = try projection.factors(
            matrix, of: HeadPlace(layer: part.layer, head: part.head ?? 0), threads: threads)
          let pairs = try PairSearch(left, right, selecting: selection).highest(options.pairs, threads: threads)
          try commit(number) { try Self.write($0, part, pairs) }
        case .vector(let kind):
          let vectors = try projection.vectors(kind, layer: part.layer)
          let ends = projection.ends(vectors, top: options.tokens, among: selection.rows, threads: threads)
          let headSize = projection.model.dimensions.headSize
          try commit(number) { try Self.write($0, part, kind, ends, headSize: headSize) }
        case .headDirection(let matrix):
          let directions = try projection.readings(
            directions: part.items, of: matrix, HeadPlace(layer: part.layer, head: part.head ?? 0), top: options.tokens,
            among: selection.rows, threads: threads)
          try commit(number) { try Self.write($0, part, directions) }
        case .neuronDirection(let kind):
          let directions = try projection.readings(
            directions: part.items, of: kind, layer: part.layer, top: options.tokens, among: selection.rows,
            threads: threads)
          try commit(number) { try Self.write($0, part, directions) }
        }
        try update(finished.count)
      }
    }
  }

  /// Writes a part and marks it as built, or neither.
  private func commit(_ number: Int, _ write: (Database) throws -> Void) throws {
    try AtlasFile.translated(path, done: finished.count, parts: plan.parts.count) {
      try queue.write { db in
        try write(db)
        try db.execute(sql: "INSERT INTO part VALUES (?)", arguments: [number])
      }
    }
    finished.insert(number)
  }

  private static func write(_ db: Database, _ part: AtlasPlan.Part, _ pairs: [ScoredPair]) throws {
    try db.execute(
      sql: "INSERT INTO item VALUES (?, ?, ?, ?, NULL)",
      arguments: [part.firstItem, part.kind.name, part.layer, part.head])
    let statement = try db.makeStatement(sql: "INSERT INTO pair VALUES (?, ?, ?, ?, ?)")
    for (index, pair) in pairs.enumerated() {
      try statement.execute(arguments: [part.firstItem, index + 1, pair.row, pair.column, pair.score])
    }
  }

  private static func write(
    _ db: Database, _ part: AtlasPlan.Part, _ kind: ParameterKind, _ ends: [TokenEnds], headSize: Int
  ) throws {
    let items = try db.makeStatement(sql: "INSERT INTO item VALUES (?, ?, ?, ?, ?)")
    let scores = try db.makeStatement(sql: "INSERT INTO score VALUES (?, ?, ?, ?, ?)")
    for row in 0..<part.items {
      let place = VectorPlace(layer: part.layer, row: row, of: kind, headSize: headSize)
      try items.execute(arguments: [part.firstItem + row, part.kind.name, part.layer, place.head, place.index])
      try write(scores, item: part.firstItem + row, [ends[row]])
    }
  }

  private static func write(_ db: Database, _ part: AtlasPlan.Part, _ directions: [DirectionReading]) throws {
    let items = try db.makeStatement(sql: "INSERT INTO item VALUES (?, ?, ?, ?, ?)")
    let values = try db.makeStatement(sql: "INSERT INTO direction VALUES (?, ?)")
    let scores = try db.makeStatement(sql: "INSERT INTO score VALUES (?, ?, ?, ?, ?)")
    let neurons = try db.makeStatement(sql: "INSERT INTO neuron VALUES (?, ?, ?, ?)")
    for (number, direction) in directions.enumerated() {
      let item = part.firstItem + number
      try items.execute(arguments: [item, part.kind.name, part.layer, part.head, number])
      try values.execute(arguments: [item, direction.value])
      try write(scores, item: item, [direction.left] + (direction.right.map { [$0] } ?? []))
      for (index, neuron) in direction.neurons.enumerated() {
        try neurons.execute(arguments: [item, index + 1, neuron.index, neuron.weight])
      }
    }
  }

  /// - Parameter ends: of a vector, or of a direction's left and right one; two sides each.
  private static func write(_ scores: Statement, item: Int, _ ends: [TokenEnds]) throws {
    for (side, found) in ends.flatMap({ [$0.highest, $0.lowest] }).enumerated() {
      for (index, token) in found.enumerated() {
        try scores.execute(arguments: [item, side, index + 1, token.id, Double(token.score)])
      }
    }
  }

  /// The stamp, the sizes, and the tokens with the words for searches.
  private static func describe(
    _ db: Database, _ projection: VocabularyProjection, _ tokenizer: Tokenizer, stamp: JSON, parts: Int,
    directions: Int
  ) throws {
    let size = projection.model.dimensions
    try db.execute(
      sql: "INSERT INTO atlas VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        stamp.serialized(), parts, projection.vocabulary, size.layers, size.heads, size.hidden, size.feedForward,
        directions,
      ])
    let tokens = try db.makeStatement(sql: "INSERT INTO token VALUES (?, ?, ?)")
    for id in 0..<projection.vocabulary {
      let row = AtlasToken(id, tokenizer)
      try tokens.execute(arguments: [id, row.display, row.word])
    }
    try db.execute(sql: "INSERT INTO token_words (token_words) VALUES ('rebuild')")
  }

  private static func check(_ db: Database, _ stamp: JSON, directions: Int, path: String) throws {
    let recorded = try JSON.parse(String.fetchOne(db, sql: "SELECT stamp FROM atlas") ?? "", path: path)
    if let difference = recorded.firstDifference(from: stamp, before: ["options"]) {
      throw AtlasError.differs(
        path: path, option: difference.path, recorded: difference.left, requested: difference.right)
    }
    // The numbers of parts and items follow from it, whatever the stamp says.
    let planned = try Int.fetchOne(db, sql: "SELECT directions FROM atlas") ?? 0
    guard planned == directions else {
      throw AtlasError.differs(
        path: path, option: "singular directions", recorded: "\(planned)", requested: "\(directions)")
    }
  }
}

/// A row of a matrix over the vocabulary, as shown and as searched.
struct AtlasToken {
  let display: String
  /// Without `##` and the space before it; empty for a row without a token.
  let word: String

  init(_ id: Int, _ tokenizer: Tokenizer) {
    display = tokenizer.rowLabel(id)
    word = tokenizer.bareText(Int32(id))
  }
}
