import Files
import Foundation
import GRDB

/// The SQLite file of an atlas: how it is opened, its identification, and its tables.
enum AtlasFile {
  /// "grft", which identifies an atlas among databases.
  static let applicationID = 0x6772_6674
  static let schema = 2
  /// Schema 1 had no directions; such a file is read, but not built into.
  private static let readableSchemas = 1...schema

  /// Opens a file for building, with an exclusive lock while it is open.
  /// - Throws: `AtlasError`, `FileError` when the folder does not exist or cannot be written.
  static func openToBuild(_ path: String) throws -> DatabaseQueue {
    try check(path)
    return try translated(path) {
      var configuration = Configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      // Taken here and kept until the connection closes, however the process ends.
      try queue.inTransaction(.exclusive) { _ in .commit }
      return queue
    }
  }

  /// Opens an atlas for reading. Not read-only to SQLite, which must be able to roll back an interrupted transaction.
  /// - Throws: `AtlasError`.
  static func openToRead(_ path: String) throws -> DatabaseQueue {
    guard FileManager.default.fileExists(atPath: path) else { throw AtlasError.missing(path: path) }
    try refuseOthers(path)
    return try translated(path) {
      let queue = try DatabaseQueue(path: path)
      try queue.inDatabase { db in
        guard case .atlas(let version) = try state(db, path: path) else {
          throw AtlasError.notAnAtlas(path: path, found: "an empty database")
        }
        // Temporary tables beside the file, which does not change.
        if version < 2 { try db.execute(sql: directionTables("TEMP TABLE")) }
        try db.execute(sql: "PRAGMA query_only = ON")
      }
      return queue
    }
  }

  /// Checks that a database can be at a path, before long work. Changes nothing.
  /// - Throws: `AtlasError`, `FileError`.
  static func check(_ path: String) throws {
    try refuseOthers(path)
    let target = try OutputTarget(path)
    guard case .file = target else { throw AtlasError.notAnAtlas(path: path, found: "a pipe or a device") }
    try target.check(path: path)
  }

  private static func refuseOthers(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    throw AtlasError.notAnAtlas(path: path, found: isFolder ? "a folder" : "a pipe or a device")
  }

  enum State { case empty, atlas(schema: Int) }

  /// - Throws: `AtlasError.notAnAtlas`, `.otherSchema`.
  static func state(_ db: Database, path: String) throws -> State {
    let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    if tables == 0, application == 0, version == 0 { return .empty }
    guard application == applicationID else {
      throw AtlasError.notAnAtlas(path: path, found: "another SQLite database")
    }
    guard readableSchemas.contains(version) else {
      throw AtlasError.otherSchema(path: path, expected: schema, found: version)
    }
    return .atlas(schema: version)
  }

  /// Creates the tables of an empty database.
  static func create(_ db: Database) throws {
    try db.execute(
      sql: """
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(schema);
        -- How the atlas is made, as JSON, the number of its parts and the sizes of the model.
        CREATE TABLE atlas (
          stamp TEXT NOT NULL, parts INTEGER NOT NULL, vocabulary INTEGER NOT NULL, layers INTEGER NOT NULL,
          heads INTEGER NOT NULL, hidden INTEGER NOT NULL, feed_forward INTEGER NOT NULL, directions INTEGER NOT NULL);
        -- The parts that are done.
        CREATE TABLE part (number INTEGER PRIMARY KEY);
        -- A row of the projection matrix: as people read it, and as it is searched for.
        CREATE TABLE token (id INTEGER PRIMARY KEY, display TEXT NOT NULL, word TEXT NOT NULL);
        CREATE VIRTUAL TABLE token_words USING fts5(
          word, content = 'token', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 0");
        -- What was read: a head's matrix (vo, qk), a vector (place: neuron, or number in the head), or a singular
        -- direction (place: its number, from the strongest).
        CREATE TABLE item (
          id INTEGER PRIMARY KEY, kind TEXT NOT NULL, layer INTEGER NOT NULL, head INTEGER, place INTEGER);
        CREATE INDEX item_place ON item (layer, head, place);
        -- Tokens of a vector; side 0 the highest, 1 the lowest; of a direction's right vector 2 and 3; rank from 1.
        CREATE TABLE score (
          item INTEGER NOT NULL, side INTEGER NOT NULL, rank INTEGER NOT NULL, token INTEGER NOT NULL,
          score REAL NOT NULL, PRIMARY KEY (item, side, rank)) WITHOUT ROWID;
        CREATE INDEX score_token ON score (token);
        -- Pairs of a head's matrix; rank from 1.
        CREATE TABLE pair (
          item INTEGER NOT NULL, rank INTEGER NOT NULL, left INTEGER NOT NULL, right INTEGER NOT NULL,
          score REAL NOT NULL, PRIMARY KEY (item, rank)) WITHOUT ROWID;
        CREATE INDEX pair_left ON pair (left);
        CREATE INDEX pair_right ON pair (right);
        \(directionTables("TABLE"))
        """)
  }

  private static func directionTables(_ table: String) -> String {
    """
    -- The singular value of a direction.
    CREATE \(table) direction (item INTEGER PRIMARY KEY, value REAL NOT NULL);
    -- Neurons of a direction of keys or values, the largest |weight| first; rank from 1.
    CREATE \(table) neuron (
      item INTEGER NOT NULL, rank INTEGER NOT NULL, neuron INTEGER NOT NULL, weight REAL NOT NULL,
      PRIMARY KEY (item, rank)) WITHOUT ROWID;
    """
  }

  /// Runs a body and translates SQLite's errors.
  static func translated<Result>(_ path: String, done: Int = 0, parts: Int = 0, _ body: () throws -> Result) throws
    -> Result
  {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw AtlasError(error, path: path, done: done, parts: parts)
        ?? AtlasError.damaged(path: path, reason: "\(error)")
    }
  }
}
