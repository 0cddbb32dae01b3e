import Atlas
import DenseMath
import Files
import Foundation
import GRDB
import Interpretability
import TestSupport
import Testing
import Tokenization
import Transformer

/// A tiny BERT with a vocabulary of its own, six rows shorter than the matrix.
private struct Place {
  static let tokens = 265
  let folder: TemporaryFolder
  let model: Model
  let tokenizer: Tokenizer
  let projection: VocabularyProjection

  init() throws {
    folder = try TemporaryFolder()
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("TransformerTests/Fixtures/tiny/bert").path
    for name in ["config.json", "model.safetensors", "expected.json"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: fixtures + "/" + name))
      try folder.write(Array(bytes), to: "model/" + name)
    }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", "##ada", "Canada"]
    let words = special + (special.count..<Self.tokens).map { "word\($0)" }
    try folder.write(words.joined(separator: "\n") + "\n", to: "model/vocab.txt")
    try folder.write(#"{"do_lower_case": false}"#, to: "model/tokenizer_config.json")
    model = try Model(directory: folder.path("model"))
    tokenizer = try Tokenizer.load(directory: folder.path("model"), modelType: "bert")
    projection = try VocabularyProjection(model, threads: Threads(2))
  }

  var path: String { folder.path("atlas.sqlite") }

  func builder(
    _ name: String = "atlas.sqlite", options: AtlasOptions = AtlasOptions(pairs: 20, tokens: 8)
  ) throws -> AtlasBuilder {
    let stamp: JSON = [
      "model": "tiny",
      "options": [
        "pairs": .integer(options.pairs), "svd": .integer(options.directions), "tokens": .integer(options.tokens),
      ],
    ]
    return try AtlasBuilder(
      folder.path(name), projection, tokenizer: tokenizer, options: options, stamp: stamp, threads: Threads(2))
  }

  func build(options: AtlasOptions = AtlasOptions(pairs: 20, tokens: 8)) throws -> Atlas {
    try builder(options: options).build()
    return try Atlas(path)
  }

  static let withDirections = AtlasOptions(pairs: 20, tokens: 8, directions: 4)
}

@Suite struct AtlasTests {
  /// Stored results of PyTorch in Double.
  @Test func holdsTheReferencePairsAndTokens() throws {
    let place = try Place()
    let atlas = try place.build()
    #expect(atlas.isComplete && atlas.parts == 3 * (2 * 3 + 6))
    #expect(atlas.vocabulary == 271 && atlas.modelName == "tiny")
    let path = place.folder.path("model/expected.json")
    let expected = try JSONNode.read(path)
    var compared = 0
    for entry in try expected["top_pairs"].array() {
      let head = HeadPlace(layer: try entry["layer"].int(), head: try entry["head"].int())
      let kind = try entry["matrix"].string()
      let reading = try #require(try atlas.readings(of: head).first { $0.item.kind.name == kind })
      let pairs = try entry["pairs"].array().map { try $0.array() }
      #expect(reading.pairs.map(\.left.id) == (try pairs.map { try $0[0].int() }))
      #expect(reading.pairs.map(\.right.id) == (try pairs.map { try $0[1].int() }))
      expectClose(
        reading.pairs.map(\.score), try pairs.map { try $0[2].double() }, absolute: 0, relative: 1e-4, "\(head) \(kind)"
      )
      compared += 1
    }
    for entry in try expected["top_tokens"].array() {
      let neuron = VectorPlace(layer: try entry["layer"].int(), index: try entry["index"].int())
      for (kind, key) in [("ff-key", "key"), ("ff-value", "value")] {
        let reading = try #require(try atlas.readings(of: neuron).first { $0.item.kind.name == kind })
        let tokens = try entry[key].array().prefix(8).map { try $0.array() }
        #expect(reading.highest.prefix(tokens.count).map(\.id) == (try tokens.map { try $0[0].int() }))
        compared += 1
      }
    }
    #expect(compared > 10)
  }

  /// Every vector of every kind, in both directions, as the projection computes it.
  @Test func holdsEveryVector() throws {
    let place = try Place()
    let atlas = try place.build()
    for kind in ParameterKind.allCases {
      let vectors = try place.projection.vectors(kind, layer: 2)
      let highest = place.projection.tokens(vectors, top: 8, threads: Threads(1))
      let lowest = place.projection.tokens(vectors, top: 8, lowest: true, threads: Threads(1))
      for row in 0..<vectors.rows {
        let vector = VectorPlace(
          layer: 2, row: row, of: kind, headSize: place.model.dimensions.headSize)
        let reading = try #require(try atlas.readings(of: vector).first { $0.item.kind == .vector(kind) })
        #expect(reading.item.name == "\(vector)")
        #expect(reading.highest.map(\.id) == highest[row].map(\.id))
        #expect(reading.lowest.map(\.id) == lowest[row].map(\.id))
        #expect(reading.lowest.map(\.score) == lowest[row].map { Double($0.score) })
      }
    }
  }

  @Test func labelsRowsThatAreNoToken() throws {
    let place = try Place()
    let texts = try place.build().readings(ofLayer: 0).flatMap(\.highest)
    let padding = texts.filter { $0.id >= Place.tokens }
    #expect(!padding.isEmpty && padding.allSatisfy { $0.text == "[row \($0.id), no token]" })
    #expect(texts.allSatisfy { !$0.text.isEmpty })
  }

  @Test func findsWhatSpeaksOfAWord() throws {
    let place = try Place()
    let atlas = try place.build()
    let all = try (0..<3).flatMap { try atlas.readings(ofLayer: $0) }
    func expected(_ ids: Set<Int>, lowest: Bool = false) -> [Int: Int] {
      var ranks: [Int: Int] = [:]
      for reading in all {
        let pair = reading.pairs.firstIndex { ids.contains($0.left.id) || ids.contains($0.right.id) }
        let token = (lowest ? reading.lowest : reading.highest).firstIndex { ids.contains($0.id) }
        if let rank = lowest ? token : pair ?? token { ranks[reading.item.id] = rank + 1 }
      }
      return ranks
    }
    for (text, ids) in [
      ("canada", [7]), ("CANADA", [7]), ("ada", [6]), ("##ada", [6]), ("!", [5]),
      ("word1*", Set((8..<265).filter { "word\($0)".hasPrefix("word1") })),
    ] as [(String, Set<Int>)] {
      let (matches, count) = try atlas.search(text, limit: 10_000)
      let ranks = expected(ids)
      #expect(count == ranks.count && count > 0, "\(text)")
      #expect(Dictionary(uniqueKeysWithValues: matches.map { ($0.item.id, $0.places[0].rank) }) == ranks, "\(text)")
      #expect(matches.map { $0.places[0].rank } == matches.map { $0.places[0].rank }.sorted())
    }
    let low = try atlas.search("Canada", in: .lowest, limit: 10_000).matches
    #expect(Set(low.map(\.item.id)) == Set(expected([7], lowest: true).keys))
    // Both words, in whatever order.
    let both = try atlas.search("canada ada", limit: 10_000).matches.map(\.item.id)
    #expect(Set(both) == Set(expected([7]).keys).intersection(expected([6]).keys))
    let heads = try atlas.search("word1*", kinds: [.head(.vo)], limit: 2)
    #expect(heads.matches.count == 2 && heads.matches.allSatisfy { $0.item.kind == .head(.vo) } && heads.count > 2)
    #expect(throws: AtlasError.noSuchWord("nosuch")) { try atlas.search("canada nosuch", limit: 1) }
    #expect(throws: AtlasError.noSuchWord("\"")) { try atlas.search("\"", limit: 1) }
    #expect(throws: AtlasError.emptySearch) { try atlas.search("  ", limit: 1) }
  }

  /// The file is copied during the build, as a kill at that moment leaves it.
  @Test func goesOnWhereItWasStopped() throws {
    let place = try Place()
    let folder = place.folder
    let recorder = ProgressRecorder { done in
      guard done % 15 == 4 else { return }
      try? FileManager.default.copyItem(
        atPath: folder.path("first.sqlite"), toPath: folder.path("copy\(done).sqlite"))
    }
    try place.builder("first.sqlite", options: Place.withDirections).build(progress: recorder.handler)
    let copies = [4, 19, 34, 49]
    let whole = try contents(place.folder.path("first.sqlite"))
    for done in copies {
      let copy = place.folder.path("copy\(done).sqlite")
      #expect(try Atlas(copy).done == done)
      #expect(throws: AtlasError.notBuiltYet(path: copy, place: "L2H2:0", done: done, parts: 60)) {
        try Atlas(copy).readings(of: VectorPlace(layer: 2, head: 2, index: 0))
      }
      let block = AtlasError.notBuiltYet(path: copy, place: "L2", done: done, parts: 60)
      #expect(throws: block) { try Atlas(copy).readingsOfDirections(inBlock: 2) }
      try resume(place, "copy\(done).sqlite", from: done)
      #expect(try contents(copy) == whole)
    }
  }

  private func resume(_ place: Place, _ name: String, from done: Int) throws {
    let builder = try place.builder(name, options: Place.withDirections)
    #expect(builder.progress == (done, 60))
    let recorder = ProgressRecorder()
    try builder.build(progress: recorder.handler)
    #expect(recorder.done == Array(done + 1...60))
  }

  /// Everything an atlas shows.
  private func contents(_ path: String) throws -> [Atlas.Reading] {
    let atlas = try Atlas(path)
    return try (0..<atlas.layers).flatMap { try atlas.readings(ofLayer: $0) }
  }

  /// As the projection computes them; tiny heads have dHead 12, so that 4 directions are not all.
  @Test func holdsSingularDirections() throws {
    let place = try Place()
    let atlas = try place.build(options: Place.withDirections)
    #expect(atlas.isComplete && atlas.parts == 3 * (4 * 3 + 8) && atlas.directions == 4)
    func expect(_ found: [Atlas.Reading], _ expected: [DirectionReading]) {
      #expect(found.map(\.item.place) == Array(0..<4) && found.map(\.direction?.value) == expected.map(\.value))
      for (reading, own) in zip(found, expected) {
        let sides = [
          (reading.highest, own.left.highest), (reading.lowest, own.left.lowest),
          (reading.direction?.highest ?? [], own.right?.highest ?? []),
          (reading.direction?.lowest ?? [], own.right?.lowest ?? []),
        ]
        for (side, tokens) in sides {
          #expect(side.map(\.id) == tokens.map(\.id) && side.map(\.score) == tokens.map { Double($0.score) })
        }
        #expect(reading.direction?.neurons == own.neurons && reading.pairs.isEmpty)
      }
    }
    for layer in 0..<3 {
      for head in 0..<3 {
        let head = HeadPlace(layer: layer, head: head)
        let found = try atlas.readings(of: head)
        #expect(found.count == 2 + 2 * 4 && found.allSatisfy { $0.item.name == "\(head)" })
        for matrix in VocabularyProjection.HeadMatrix.allCases {
          expect(
            found.filter { $0.item.kind == .headDirection(matrix) },
            try place.projection.readings(directions: 4, of: matrix, head, top: 8, threads: Threads(1)))
        }
      }
      let found = try atlas.readingsOfDirections(inBlock: layer)
      #expect(found.count == 2 * 4 && found.allSatisfy { $0.item.name == "L\(layer)" })
      for kind in [ParameterKind.feedForwardKey, .feedForwardValue] {
        expect(
          found.filter { $0.item.kind == .neuronDirection(kind) },
          try place.projection.readings(directions: 4, of: kind, layer: layer, top: 8, threads: Threads(1)))
      }
    }
    // What is not a direction is the same without them.
    try place.builder("plain.sqlite").build()
    func others(_ atlas: Atlas) throws -> [String] {
      try (0..<3).flatMap { try atlas.readings(ofLayer: $0) }.filter { !$0.item.kind.isDirection }
        .map { "\($0.item.kind) \($0.item.name) \($0.pairs) \($0.highest) \($0.lowest)" }
    }
    #expect(try others(atlas) == others(Atlas(place.folder.path("plain.sqlite"))))
    #expect(try atlas.readings(of: VectorPlace(layer: 0, head: 0, index: 2)).count == 4)
    #expect(try atlas.readings(of: VectorPlace(layer: 0, index: 2)).count == 2)
    #expect(throws: InterpretabilityError.noSuchLayer(3, model: "tiny", layers: 3)) {
      try atlas.readingsOfDirections(inBlock: 3)
    }
  }

  /// No more directions than a matrix has.
  @Test func holdsAllSingularDirections() throws {
    let place = try Place()
    let atlas = try place.build(options: AtlasOptions(pairs: 1, tokens: 1, directions: 1000))
    let model = place.model.dimensions
    let found = try atlas.readings(of: HeadPlace(layer: 1, head: 1))
    #expect(found.count == 2 + 2 * model.headSize)
    #expect(try atlas.readingsOfDirections(inBlock: 1).count == 2 * min(model.hidden, model.feedForward))
  }

  /// At either end of either side, since the sign of a direction is free; not in a search of the lowest tokens.
  @Test func findsDirections() throws {
    let place = try Place()
    let atlas = try place.build(options: Place.withDirections)
    let all = try (0..<3).flatMap { try atlas.readings(ofLayer: $0) }.filter { $0.item.kind.isDirection }
    for id in [7, 20, 100] {
      var ranks: [Int: [Int]] = [:]
      for reading in all {
        let sides = [reading.highest, reading.lowest] + (reading.direction.map { [$0.highest, $0.lowest] } ?? [])
        let found = sides.enumerated().flatMap { side, tokens in
          tokens.indices.filter { tokens[$0].id == id }.map { ($0 + 1) * 10 + side }
        }
        if !found.isEmpty { ranks[reading.item.id] = found.sorted() }
      }
      let word = place.tokenizer.bareText(Int32(id))
      let kinds = Set(AtlasKind.all.filter(\.isDirection))
      let (matches, count) = try atlas.search(word, kinds: kinds, limit: 10_000)
      #expect(count == ranks.count && count > 0)
      for match in matches {
        #expect(match.places.map { $0.rank * 10 + ($0.side?.rawValue ?? 9) } == ranks[match.item.id])
      }
      #expect(try atlas.search(word, in: .lowest, kinds: kinds, limit: 1).count == 0)
    }
  }

  /// An atlas without directions, of schema 1.
  @Test func readsAnAtlasOfTheFirstSchema() throws {
    let place = try Place()
    let whole = try contents(place.build().path)
    let old = place.folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: place.path, toPath: old)
    try DatabaseQueue(path: old).write { db in
      try db.execute(
        sql: """
          DROP TABLE direction; DROP TABLE neuron; ALTER TABLE atlas DROP COLUMN directions; PRAGMA user_version = 1;
          """)
    }
    let bytes = try place.folder.bytes("old.sqlite")
    let atlas = try Atlas(old)
    #expect(atlas.directions == 0 && atlas.isComplete)
    #expect(try contents(old) == whole)
    #expect(try atlas.search("canada", limit: 5).matches == Atlas(place.path).search("canada", limit: 5).matches)
    #expect(throws: AtlasError.noDirections(path: old)) { try atlas.readingsOfDirections(inBlock: 0) }
    #expect(throws: AtlasError.otherSchema(path: old, expected: 2, found: 1)) { try place.builder("old.sqlite") }
    #expect(try place.folder.bytes("old.sqlite") == bytes)
  }

  @Test func refusesToMixAtlasesWithAndWithoutDirections() throws {
    let place = try Place()
    try place.builder().build()
    #expect(throws: AtlasError.differs(path: place.path, option: "options.svd", recorded: "0", requested: "4")) {
      try place.builder(options: Place.withDirections)
    }
    // Also where a stamp does not mention them.
    let options = AtlasOptions(pairs: 20, tokens: 8, directions: 4)
    let path = place.folder.path("silent.sqlite")
    func silent(_ options: AtlasOptions) throws -> AtlasBuilder {
      try AtlasBuilder(
        path, place.projection, tokenizer: place.tokenizer, options: options, stamp: [:], threads: Threads(1))
    }
    _ = try silent(options)
    #expect(throws: AtlasError.differs(path: path, option: "singular directions", recorded: "4", requested: "0")) {
      try silent(AtlasOptions(pairs: 20, tokens: 8))
    }
    #expect(throws: AtlasError.noDirections(path: place.path)) {
      try Atlas(place.path).readingsOfDirections(inBlock: 0)
    }
  }

  @Test func refusesASecondBuilder() throws {
    let place = try Place()
    let first = try place.builder()
    #expect(throws: AtlasError.locked(path: place.path)) { try place.builder() }
    #expect(throws: AtlasError.locked(path: place.path)) { try Atlas(place.path) }
    try first.build()
  }

  @Test func refusesOtherOptions() throws {
    let place = try Place()
    try place.builder().build()
    #expect(
      throws: AtlasError.differs(path: place.path, option: "options.pairs", recorded: "20", requested: "21")
    ) { try place.builder(options: AtlasOptions(pairs: 21, tokens: 8)) }
    // A finished atlas has nothing left to do.
    let recorder = ProgressRecorder()
    try place.builder().build(progress: recorder.handler)
    #expect(recorder.done.isEmpty)
  }

  @Test func refusesWhatIsNoAtlas() throws {
    let place = try Place()
    try place.folder.write(String(repeating: "text ", count: 2000), to: "text.sqlite")
    let text = place.folder.path("text.sqlite")
    let noDatabase = AtlasError.notAnAtlas(path: text, found: "a file that is no SQLite database")
    #expect(throws: noDatabase) { try place.builder("text.sqlite") }
    #expect(throws: noDatabase) { try Atlas(text) }
    #expect(try place.folder.bytes("text.sqlite").count == 10_000)

    let other = place.folder.path("other.sqlite")
    try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE mine (a)") }
    let foreign = AtlasError.notAnAtlas(path: other, found: "another SQLite database")
    #expect(throws: foreign) { try place.builder("other.sqlite") }
    #expect(throws: foreign) { try Atlas(other) }

    try place.builder("old.sqlite").build()
    let old = place.folder.path("old.sqlite")
    try DatabaseQueue(path: old).write { try $0.execute(sql: "PRAGMA user_version = 7") }
    #expect(throws: AtlasError.otherSchema(path: old, expected: 2, found: 7)) { try Atlas(old) }

    let none = place.folder.path("none.sqlite")
    #expect(throws: AtlasError.missing(path: none)) { try Atlas(none) }
    try place.folder.write("", to: "empty.sqlite")
    #expect(throws: AtlasError.notAnAtlas(path: place.folder.path("empty.sqlite"), found: "an empty database")) {
      try Atlas(place.folder.path("empty.sqlite"))
    }
    #expect(throws: FileError.self) { try place.builder("no/such/folder.sqlite") }
    let folder = AtlasError.notAnAtlas(path: place.folder.path("model"), found: "a folder")
    #expect(throws: folder) { try place.builder("model") }
    #expect(throws: folder) { try Atlas(place.folder.path("model")) }
  }

  @Test func saysWhichPlacesThereAre() throws {
    let place = try Place()
    let atlas = try place.build()
    #expect(throws: InterpretabilityError.noSuchHead("L3H0", model: "tiny", layers: 3, heads: 3)) {
      try atlas.readings(of: HeadPlace(layer: 3, head: 0))
    }
    for vector in [
      VectorPlace(layer: 0, index: 52), VectorPlace(layer: 0, head: 3, index: 0),
      VectorPlace(layer: 0, head: 0, index: 12),
    ] {
      #expect(throws: InterpretabilityError.self, "\(vector)") { try atlas.readings(of: vector) }
    }
    #expect(try atlas.readings(of: VectorPlace(layer: 0, index: 51)).count == 2)
    #expect(try atlas.readings(of: VectorPlace(layer: 2, head: 2, index: 11)).count == 4)
  }
}
