import DenseMath
import Files
import Stitching
import TestSupport
import Testing
import Transformer

/// `stitched.json`: what makes a folder a model.
@Suite struct StitchedModelFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let gpt2Pair = (a: "imdb-gpt2-wide", b: "imdb-gpt2-narrow-sentiment")

  private func file(digest: String? = nil, seed: UInt64 = .max) throws -> StitchedModelFile {
    let (a, b) = (Places.model(Self.gpt2Pair.a), Places.model(Self.gpt2Pair.b))
    return StitchedModelFile(
      pretrained: .init(model: a, sha256: try Digest.ofFile(a + "/model.safetensors")), kept: 3, map: .shuffled,
      draw: 2,
      seed: seed, finetuned: .init(model: b, sha256: try digest ?? Digest.ofFile(b + "/model.safetensors")),
      transplanted: 1, options: .asPublished, allowsPartialVocabulary: true)
  }

  @Test func readsWhatItWrites() throws {
    let written = try file()
    try written.write(to: folder.path("new/deep"))
    #expect(try StitchedModelFile(directory: folder.path("new/deep")) == written)
    #expect(try folder.names() == ["new"])
  }

  @Test func opensAsTheModelItNames() throws {
    try file(seed: 9).write(to: folder.path)
    let opened = try #require(try openModel(directory: folder.path) { $0 } as? StitchedModel)
    #expect((opened.kept, opened.transplanted) == (3, 1))
    #expect(opened.options == .asPublished)
    #expect(opened.map.recipe == .shuffled && opened.map.draw == 2)
    let maps = try StitchingMaps(
      Model(directory: Places.model(Self.gpt2Pair.a)), Model(directory: Places.model(Self.gpt2Pair.b)),
      allowsPartialVocabulary: true, seed: 9, threads: .available)
    #expect(opened.map.matrix == (try maps.map(.shuffled, draw: 2).matrix))
    #expect(opened.blockDimensions.map(\.hidden) == [160, 160, 160, 128])
  }

  @Test func changedWeightsAreRefused() throws {
    let wrong = String(repeating: "0", count: 64)
    try file(digest: wrong).write(to: folder.path)
    let found = try Digest.ofFile(Places.model(Self.gpt2Pair.b) + "/model.safetensors")
    #expect(
      throws: StitchingError.changedModel(
        path: folder.path("stitched.json"), model: Places.model(Self.gpt2Pair.b), expected: wrong, found: found)
    ) { try openModel(directory: folder.path) { $0 } }
  }

  /// A map that took texts is kept beside the file and read back as it was, and only as it was.
  @Test func aFittedMapIsStored() throws {
    let (a, b) = (Places.model(Self.gpt2Pair.a), Places.model(Self.gpt2Pair.b))
    let (width, other) = (160, 128)
    let recipe = MapRecipe(.affine, matching: .norm)
    var matrix = DoubleMatrix(rows: width, columns: other)
    for index in matrix.values.indices { matrix.values[index] = Double(index) / 7 }
    let map = StitchingMap(
      recipe: recipe, matrix: matrix, offset: (0..<other).map { 1 / Double($0 + 3) }, norm: .pi)
    let written = StitchedModelFile(
      pretrained: .init(model: a, sha256: try Digest.ofFile(a + "/model.safetensors")), kept: 3, map: recipe, draw: 0,
      seed: 1, finetuned: .init(model: b, sha256: try Digest.ofFile(b + "/model.safetensors")), transplanted: 1,
      options: .plain, allowsPartialVocabulary: false)
    #expect(throws: StitchingError.needsTexts(map: "affine+norm")) { try written.write(to: folder.path) }
    try written.write(to: folder.path, fitted: map)
    #expect(try folder.names() == ["map.safetensors", "stitched.json"])
    let opened = try #require(try openModel(directory: folder.path) { $0 } as? StitchedModel)
    #expect(opened.map.recipe == recipe && opened.map.matrix == map.matrix)
    #expect(opened.map.offset == map.offset && opened.map.norm == map.norm)

    try StitchedModelFile(directory: folder.path).write(to: folder.path("again"), fitted: map)
    #expect(try folder.bytes("again/map.safetensors") == folder.bytes("map.safetensors"))
    var bytes = try folder.bytes("map.safetensors")
    bytes[bytes.count - 1] ^= 1
    try folder.write(bytes, to: "map.safetensors")
    do {
      _ = try openModel(directory: folder.path) { $0 }
      Issue.record("a changed map was opened")
    } catch StitchingError.changedMap(let path, _, _) {
      #expect(path == folder.path("map.safetensors"))
    }
  }

  @Test func aCheckpointIsNotHidden() throws {
    try folder.write("{}", to: "config.json")
    #expect(throws: StitchingError.holdsCheckpoint(path: folder.path)) { try file().write(to: folder.path) }
    #expect(try folder.names() == ["config.json"])
  }

  @Test(arguments: [
    (#""schema": 1"#, #""schema": 2"#, "schema"), (#""map": "shuffled""#, #""map": "magic""#, "map"),
    (#""draw": 2"#, #""draw": -1"#, "draw"), (#""seed": "18446744073709551615""#, #""seed": "-1""#, "seed"),
    (#""seed": "18446744073709551615""#, #""seed": 7"#, "seed"), (#""kept": 3"#, #""kept": "3""#, "kept"),
    (#""final_norm": true"#, #""final_norm": 1"#, "final_norm"), (#""transplanted": 1"#, #""x": 1"#, "transplanted"),
    (#""add_positions": true"#, #""add_positions": null"#, "add_positions"),
  ])
  func aMalformedFileIsNamedWithTheKey(_ from: String, _ to: String, _ key: String) throws {
    try file().write(to: folder.path)
    let text = String(decoding: try folder.bytes("stitched.json"), as: UTF8.self)
    #expect(text.contains(from))
    try folder.write(text.replacing(from, with: to), to: "stitched.json")
    do {
      _ = try StitchedModelFile(directory: folder.path)
      Issue.record("\(to) was read")
    } catch FileError.malformed(let path, let location, _, _) {
      #expect(path == folder.path("stitched.json") && location == key)
    }
  }

  @Test(arguments: [
    (#""kept": 3"#, #""kept": 6"#), (#""kept": 3"#, #""kept": -1"#), (#""transplanted": 1"#, #""transplanted": 9"#),
  ])
  func blocksThatAreNotThereAreRefused(_ from: String, _ to: String) throws {
    try file().write(to: folder.path)
    let text = String(decoding: try folder.bytes("stitched.json"), as: UTF8.self)
    try folder.write(text.replacing(from, with: to), to: "stitched.json")
    #expect(throws: StitchingError.self) { try openModel(directory: folder.path) { $0 } }
  }
}
