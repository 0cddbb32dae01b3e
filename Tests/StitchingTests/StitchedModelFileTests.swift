import DenseMath
import Files
import Foundation
import Stitching
import TestSupport
import Testing
import Transformer

/// `stitched.json`, which makes a folder a model.
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

  /// Two models in `models` of a tree, by links, and a stitched model of them.
  private func tree(_ name: String) throws -> StitchedModelFile {
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder.path(name + "/models"), withIntermediateDirectories: true)
    func part(_ link: String, _ model: String) throws -> StitchedModelFile.Part {
      let place = folder.path("\(name)/models/\(link)")
      try manager.createSymbolicLink(atPath: place, withDestinationPath: Places.model(model))
      return .init(model: place, sha256: try Digest.ofFile(place + "/model.safetensors"))
    }
    return StitchedModelFile(
      pretrained: try part("a", Self.gpt2Pair.a), kept: 4, map: .pinv, draw: 0, seed: 1,
      finetuned: try part("b", Self.gpt2Pair.b), transplanted: 2, options: .plain, allowsPartialVocabulary: false)
  }

  private func spellings(_ directory: String) throws -> [String] {
    let file = try JSONNode.read(directory + "/stitched.json")
    return [try file["pretrained"]["model"].string(), try file["finetuned"]["model"].string()]
  }

  @Test func foldersAreNamedByTheirPathFromTheFile() throws {
    let written = try tree("tree")
    for (place, expected) in [
      ("tree/stitched", "../models/a"), ("tree/models/deep/stitched", "../../a"), ("tree", "./models/a"),
      ("other/stitched", "../../tree/models/a"),
    ] {
      try written.write(to: folder.path(place))
      #expect(try spellings(folder.path(place))[0] == expected)
      #expect(try StitchedModelFile(directory: folder.path(place)) == written, "read as the same places from \(place)")
    }
  }

  @Test func namesStayAndAbsolutePathsAreRead() throws {
    let names = StitchedModelFile(
      pretrained: .init(model: "imdb-bert-2", sha256: "1"), kept: 4, map: .pinv, draw: 0, seed: 1,
      finetuned: .init(model: "imdb-bert-1-sentiment", sha256: "2"), transplanted: 2, options: .plain,
      allowsPartialVocabulary: false)
    try names.write(to: folder.path)
    #expect(try spellings(folder.path) == ["imdb-bert-2", "imdb-bert-1-sentiment"])
    #expect(try StitchedModelFile(directory: folder.path) == names)
    let text = String(decoding: try folder.bytes("stitched.json"), as: UTF8.self)
    try folder.write(text.replacing("\"imdb-bert-2\"", with: "\"/models/imdb-bert-2\""), to: "stitched.json")
    #expect(try StitchedModelFile(directory: folder.path).pretrained.model == "/models/imdb-bert-2")
  }

  @Test func aTreeIsMovedAsAWhole() throws {
    try tree("tree").write(to: folder.path("tree/stitched"))
    let ids = try PackedBatch([[5, 77, 300]])
    func logits(_ directory: String) throws -> [Float] {
      let opened = try openModel(directory: directory) { name in throw StitchingError.unknownMap(name) }
      return try opened.classify(ids, workspace: Workspace()).flatMap { $0 }
    }
    let before = try logits(folder.path("tree/stitched"))
    try FileManager.default.createDirectory(atPath: folder.path("far/away"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: folder.path("tree"), toPath: folder.path("far/away/moved"))
    #expect(try logits(folder.path("far/away/moved/stitched")) == before)
    // Through a link, ".." is the folder above what the link leads to.
    let link = folder.path("link")
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: folder.path("far/away/moved/stitched"))
    #expect(try logits(link) == before)
    #expect(before.count == 2 && before.allSatisfy(\.isFinite))
  }

  @Test func aFolderMovedAloneSaysWhatItLookedForAndWhere() throws {
    try tree("tree").write(to: folder.path("tree/stitched"))
    try FileManager.default.createDirectory(atPath: folder.path("far"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: folder.path("tree/stitched"), toPath: folder.path("far/stitched"))
    let missing = StitchingError.missingModel(
      path: folder.path("far/stitched/stitched.json"), role: "pretrained", place: folder.path("far/models/a"))
    #expect(throws: missing) { try openModel(directory: folder.path("far/stitched")) { $0 } }
    #expect("\(missing)".contains("expected the model a at \(folder.path("far/models/a")), found nothing there"))
    #expect("\(missing)".contains("together with its models"))
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

  /// A map fitted to texts is stored beside the file and read back, and refused when changed.
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
