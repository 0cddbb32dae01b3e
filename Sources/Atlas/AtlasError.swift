import GRDB

/// Why an atlas cannot be built or read.
package enum AtlasError: Error, Equatable, Sendable, CustomStringConvertible {
  case missing(path: String)
  /// The file cannot be opened.
  case cannotOpen(path: String, reason: String)
  /// A file that is not an atlas.
  case notAnAtlas(path: String, found: String)
  /// Built by a version of Graft with another schema.
  case otherSchema(path: String, expected: Int, found: Int)
  /// Another process has it open for building.
  case locked(path: String)
  /// Built from other weights or with other options.
  case differs(path: String, option: String, recorded: String, requested: String)
  /// A write failed, as on a full disk; what was committed before is kept.
  case cannotWrite(path: String, reason: String, done: Int, parts: Int)
  case damaged(path: String, reason: String)
  /// Directions of an atlas that was built without.
  case noDirections(path: String)
  /// A part that an interrupted build has not reached.
  case notBuiltYet(path: String, place: String, done: Int, parts: Int)
  /// No token matches the search.
  case noSuchWord(String)
  case emptySearch

  package var description: String {
    switch self {
    case .missing(let path):
      return "\(path): no such atlas; build one there, or name another"
    case .cannotOpen(let path, let reason):
      return "\(path): cannot open: \(reason); give another path, or change who may read and write it"
    case .notAnAtlas(let path, let found):
      return "\(path): expected an atlas or no file, found \(found); give another path"
    case .otherSchema(let path, let expected, let found):
      return "\(path): expected an atlas of schema \(expected), found \(found); build it anew under another path"
    case .noDirections(let path):
      return "\(path): was built without singular directions; build one with them under another path"
    case .locked(let path):
      return "\(path): another process is building this atlas; wait until it ends, or stop it: it can be continued"
    case .differs(let path, let option, let recorded, let requested):
      return
        "\(path): was begun with \(option) \(recorded), not \(requested); give what it was begun with, or another path"
    case .cannotWrite(let path, let reason, let done, let parts):
      return "\(path): cannot write: \(reason); \(done) of \(parts) parts are built and kept: "
        + "make room and build again to continue"
    case .damaged(let path, let reason):
      return "\(path): the database is damaged (\(reason)); remove it and build it anew"
    case .notBuiltYet(let path, let place, let done, let parts):
      return "\(path): \(place) is not built yet (\(done) of \(parts) parts are); continue building it"
    case .noSuchWord(let word):
      return "\"\(word)\": no token of the vocabulary is this word; \(word)* finds every token that begins like it"
    case .emptySearch:
      return "nothing to search for: give one word or several"
    }
  }

  /// An error of SQLite in the terms of an atlas; nil for what is not the file's fault.
  init?(_ error: DatabaseError, path: String, done: Int = 0, parts: Int = 0) {
    let reason = error.message ?? "\(error.resultCode)"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked(path: path)
    case .SQLITE_NOTADB: self = .notAnAtlas(path: path, found: "a file that is no SQLite database")
    case .SQLITE_CORRUPT: self = .damaged(path: path, reason: reason)
    case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, reason: reason)
    case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY:
      self = .cannotWrite(path: path, reason: reason, done: done, parts: parts)
    default: return nil
    }
  }
}
