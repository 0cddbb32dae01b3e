import GRDB

extension Atlas {
  /// What a search covers.
  package enum Side: Sendable {
    /// Highest pairs and tokens, and either end of singular directions, whose sign is free.
    case highest
    /// The lowest tokens of vectors.
    case lowest
  }

  /// An end of a vector, or of one of the two vectors of a singular direction.
  package enum TokenSide: Int, Sendable {
    /// Of a vector, or a direction's left one.
    case highest, lowest
    /// Of a direction's right vector.
    case rightHighest, rightLowest
  }

  /// An item with all words of a search.
  package struct Match: Equatable, Sendable {
    package struct Place: Equatable, Sendable {
      /// From 1.
      package let rank: Int
      /// The token, or the pair with " → " between.
      package let text: String
      package let score: Double
      /// nil for a pair.
      package let side: TokenSide?
    }

    package let item: Item
    /// The positions of the words, best rank first.
    package let places: [Place]
  }

  /// The items whose tokens include every word; best ranks first, then by number of places.
  /// - Parameters:
  ///   - text: words with spaces between. Case does not matter; `canad*` is any token with that prefix.
  ///   - kinds: the kinds to search; nil for all.
  ///   - limit: how many to return.
  /// - Returns: the first `limit`, and how many there are.
  /// - Throws: `AtlasError.emptySearch`, `.noSuchWord`.
  package func search(
    _ text: String, in side: Side = .highest, kinds: Set<AtlasKind>? = nil, limit: Int
  ) throws -> (matches: [Match], count: Int) {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    guard !words.isEmpty else { throw AtlasError.emptySearch }
    return try AtlasFile.translated(path) {
      try queue.read { db in
        let tokens = try words.map { word in
          let ids = try Self.tokens(db, of: word)
          guard !ids.isEmpty else { throw AtlasError.noSuchWord(word) }
          return ids
        }
        let found = try Self.found(db, tokens, side)
        var matches: [(match: Match, order: (Int, Int, Int))] = []
        for (id, hits) in Dictionary(grouping: found, by: \.item) {
          let best = tokens.indices.compactMap { word in hits.filter { $0.word == word }.map(\.rank).min() }
          guard best.count == tokens.count,
            let row = try Row.fetchOne(db, sql: "SELECT * FROM item WHERE id = ?", arguments: [id])
          else { continue }
          let item = try Item(row)
          guard kinds?.contains(item.kind) ?? true else { continue }
          // A pair with words on both sides is one place.
          var places: [[Int]: Match.Place] = [:]
          for hit in hits {
            places[[hit.rank, hit.side ?? 0]] = .init(
              rank: hit.rank, text: hit.text, score: hit.score, side: hit.side.flatMap(TokenSide.init))
          }
          let match = Match(
            item: item, places: places.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value))
          matches.append((match, (best.reduce(0, +), -places.count, id)))
        }
        matches.sort { $0.order < $1.order }
        return (matches.prefix(limit).map(\.match), matches.count)
      }
    }
  }

  /// The texts that a search compares, by token id.
  /// - Throws: `AtlasError`.
  package func searchedTexts() throws -> [Int: String] {
    try AtlasFile.translated(path) {
      try queue.read { db in
        Dictionary(
          try Row.fetchAll(db, sql: "SELECT id, word FROM token").map { ($0[0] as Int, $0[1] as String) },
          uniquingKeysWith: { first, _ in first })
      }
    }
  }

  /// Ids of the tokens that are a word, or begin with it.
  private static func tokens(_ db: Database, of word: String) throws -> [Int] {
    let isPrefix = word.count > 1 && word.hasSuffix("*")
    let bare = isPrefix ? String(word.dropLast()) : word
    let phrase = "\"" + bare.replacing("\"", with: "\"\"") + "\"" + (isPrefix ? "*" : "")
    var ids: Set<Int> = []
    // The index has no words of punctuation, so that the token itself is compared.
    if bare.contains(where: { $0.isLetter || $0.isNumber }) {
      ids.formUnion(
        try Int.fetchAll(
          db, sql: "SELECT rowid FROM token_words WHERE token_words MATCH ?",
          arguments: [isPrefix ? phrase : "^" + phrase]))
    }
    ids.formUnion(
      try Int.fetchAll(db, sql: "SELECT id FROM token WHERE word = ? OR display = ?", arguments: [bare, bare]))
    return ids.sorted()
  }

  private struct Hit {
    let item: Int
    let word: Int
    let rank: Int
    let text: String
    let score: Double
    /// nil for a pair.
    let side: Int?
  }

  private static func found(_ db: Database, _ tokens: [[Int]], _ side: Side) throws -> [Hit] {
    var hits: [Hit] = []
    let condition =
      side == .highest
      ? "(side = 0 OR item IN (SELECT item FROM direction))" : "side = 1 AND item NOT IN (SELECT item FROM direction)"
    for (word, ids) in tokens.enumerated() {
      // SQLite limits the number of parameters; these are our own numbers.
      let list = ids.map(String.init).joined(separator: ",")
      let vectors = try Row.fetchAll(
        db,
        sql: """
          SELECT item, rank, display, score, side FROM score JOIN token ON token.id = score.token
          WHERE score.token IN (\(list)) AND \(condition)
          """)
      hits += vectors.map { Hit(item: $0[0], word: word, rank: $0[1], text: $0[2], score: $0[3], side: $0[4]) }
      guard side == .highest else { continue }
      let pairs = try Row.fetchAll(
        db,
        sql: """
          SELECT item, rank, a.display || ' → ' || b.display, score FROM pair
          JOIN token a ON a.id = pair.left JOIN token b ON b.id = pair.right
          WHERE pair.left IN (\(list)) OR pair.right IN (\(list))
          """)
      hits += pairs.map { Hit(item: $0[0], word: word, rank: $0[1], text: $0[2], score: $0[3], side: nil) }
    }
    return hits
  }
}
