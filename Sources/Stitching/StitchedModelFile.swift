import Checkpoints
import DenseMath
import Files
import Foundation
import Transformer

/// `stitched.json`, which makes a directory a stitched model: the models with their blocks, and the map between them. A
/// map of embeddings alone is computed again when the model is opened; one that needed unlabelled texts is beside the
/// file. Models given as folders are stored as relative paths, so that all can be moved together.
package struct StitchedModelFile: Equatable, Sendable {
  package static let name = "stitched.json"
  /// The map, if texts were needed to compute it.
  package static let mapName = "map.safetensors"
  package static let schema = 1

  package let pretrained: Part
  package let kept: Int
  package let map: MapRecipe
  package let draw: Int
  package let seed: UInt64
  package let finetuned: Part
  package let transplanted: Int
  package let options: StitchedModel.Options
  package let allowsPartialVocabulary: Bool

  package init(
    pretrained: Part, kept: Int, map: MapRecipe, draw: Int, seed: UInt64, finetuned: Part, transplanted: Int,
    options: StitchedModel.Options, allowsPartialVocabulary: Bool
  ) {
    self.pretrained = pretrained
    self.kept = kept
    self.map = map
    self.draw = draw
    self.seed = seed
    self.finetuned = finetuned
    self.transplanted = transplanted
    self.options = options
    self.allowsPartialVocabulary = allowsPartialVocabulary
  }

  /// Writes the file into `directory`, which is created if missing.
  /// - Parameter fitted: the map itself, for a recipe with `needsTexts`.
  /// - Throws: `StitchingError.holdsCheckpoint` for the folder of a checkpoint, `needsTexts`; `FileError`.
  package func write(to directory: String, fitted: StitchingMap? = nil) throws {
    guard !FileManager.default.fileExists(atPath: directory + "/config.json") else {
      throw StitchingError.holdsCheckpoint(path: directory)
    }
    try OutputFolder.create(directory)
    var mapDigest: String?
    if map.needsTexts {
      guard let fitted else { throw StitchingError.needsTexts(map: map.name) }
      try fitted.write(to: directory + "/" + Self.mapName)
      mapDigest = try Digest.ofFile(directory + "/" + Self.mapName)
    }
    func part(_ part: Part) -> JSONMembers { ["model": part.spelling(in: directory), "sha256": part.sha256] }
    let members: JSONMembers = [
      "schema": Self.schema, "pretrained": part(pretrained), "kept": kept, "map": map, "map_sha256": mapDigest,
      "draw": draw, "seed": String(seed), "finetuned": part(finetuned), "transplanted": transplanted,
      "final_norm": options.appliesFinalNorm, "add_positions": options.addsPositions,
      "partial_vocabulary": allowsPartialVocabulary,
    ]
    try OutputFile.write(
      JSON(encoding: members).serialized(.pretty) + "\n", to: directory + "/" + Self.name)
  }

  /// - Throws: `FileError`.
  package init(directory: String) throws {
    let file = try JSONNode.read(directory + "/" + Self.name)
    guard try file["schema"].int() == Self.schema else { throw file["schema"].wrong("\(Self.schema)") }
    func part(_ key: String) throws -> Part {
      Part(spelling: try file[key]["model"].string(), sha256: try file[key]["sha256"].string(), in: directory)
    }
    guard let map = try? MapRecipe(try file["map"].string()) else {
      throw file["map"].wrong("one of " + MapRecipe.spellings)
    }
    guard let seed = UInt64(try file["seed"].string()) else { throw file["seed"].wrong("a whole number as a string") }
    let draw = try file["draw"].int()
    guard draw >= 0 else { throw file["draw"].wrong("a number from 0") }
    self.init(
      pretrained: try part("pretrained"), kept: try file["kept"].int(), map: map, draw: draw, seed: seed,
      finetuned: try part("finetuned"), transplanted: try file["transplanted"].int(),
      options: .init(
        appliesFinalNorm: try file["final_norm"].bool(), addsPositions: try file["add_positions"].bool()),
      allowsPartialVocabulary: try file["partial_vocabulary"].bool())
  }

  /// Opens the two models and computes the map.
  /// - Parameter resolving: from a model's name to its directory.
  /// - Throws: `StitchingError.missingModel`, and `changedModel` when a model's weights have another digest; what
  /// opening the models throws.
  package func open(directory: String, resolving: (String) throws -> String) throws -> StitchedModel {
    func open(_ part: Part) throws -> Model {
      let model = try Model(directory: folder(of: part, in: directory, resolving: resolving))
      let digest = try model.weightsDigest()
      guard digest == part.sha256 else {
        throw StitchingError.changedModel(
          path: directory + "/" + Self.name, model: part.model, expected: part.sha256, found: digest)
      }
      return model
    }
    let (a, b) = (try open(pretrained), try open(finetuned))
    try StitchedModel.check(.kept, [kept], of: a)
    let map = try map.needsTexts ? storedMap(directory, from: a, to: b) : madeMap(from: a, to: b)
    return try StitchedModel(
      pretrained: a, kept: kept, map: map, finetuned: b, transplanted: transplanted, options: options)
  }

  /// - Throws: `StitchingError.missingModel`; what `resolving` throws for a name.
  package func folder(
    of part: Part, in directory: String, resolving: (String) throws -> String
  ) throws -> String {
    guard part.isFolder else { return try resolving(part.model) }
    guard FileManager.default.fileExists(atPath: part.model) else {
      throw StitchingError.missingModel(
        path: directory + "/" + Self.name, role: part == pretrained ? "pretrained" : "finetuned", place: part.model)
    }
    return part.model
  }

  private func madeMap(from a: Model, to b: Model) throws -> StitchingMap {
    try StitchingMaps(a, b, allowsPartialVocabulary: allowsPartialVocabulary, seed: seed, threads: .available)
      .map(map, draw: draw)
  }

  private func storedMap(_ directory: String, from a: Model, to b: Model) throws -> StitchingMap {
    let path = directory + "/" + Self.mapName
    let expected = try JSONNode.read(directory + "/" + Self.name)["map_sha256"].string()
    let found = try Digest.ofFile(path)
    guard found == expected else { throw StitchingError.changedMap(path: path, expected: expected, found: found) }
    return try StitchingMap(
      reading: path, recipe: map, draw: draw, from: map.levels.states(kept: kept).count * a.dimensions.hidden,
      to: b.dimensions.hidden)
  }
}

extension StitchingMap {
  /// `matrix` [d_A, d_B], and `offset` [d_B] and `norm` [1] if there are any, F64.
  func write(to path: String) throws {
    var writer = SafetensorsWriter(metadata: ["map": recipe.name])
    writer.add("matrix", shape: [matrix.rows, matrix.columns], doubles: matrix.values)
    if let offset { writer.add("offset", shape: [offset.count], doubles: offset) }
    if let norm { writer.add("norm", shape: [1], doubles: [norm]) }
    try writer.write(to: path)
  }

  /// - Throws: `FileError`, `CheckpointError` for a file that is not a map.
  init(reading path: String, recipe: MapRecipe, draw: Int, from p: Int, to q: Int) throws {
    let file = try SafetensorsFile(path)
    func values(_ name: String, _ shape: [Int]) throws -> [Double] { try file.doubles(name, shape: shape).values }
    self.init(
      recipe: recipe, draw: draw, matrix: DoubleMatrix(rows: p, columns: q, values: try values("matrix", [p, q])),
      offset: file.entry(named: "offset") == nil ? nil : try values("offset", [q]),
      norm: file.entry(named: "norm") == nil ? nil : try values("norm", [1])[0])
  }
}

extension StitchingMaps {
  /// Maps between two models whose vocabularies are compared by their tokenizer files.
  /// - Throws: `StitchingError`, `TokenizationError`, `LinearAlgebraError`.
  public init(
    _ a: Model, _ b: Model, allowsPartialVocabulary: Bool = false, seed: UInt64 = 42, threads: Threads = .available
  ) throws {
    let pair = try StitchPair(
      TokenizedModel(a), TokenizedModel(b), allowsPartialVocabulary: allowsPartialVocabulary)
    try self.init(a.wE, b.wE, shared: pair.shared, seed: seed, threads: threads)
  }
}

extension StitchedModelFile {
  /// Nil where `directory` is no stitched model.
  package init?(ifIn directory: String) throws {
    guard FileManager.default.fileExists(atPath: directory + "/" + Self.name) else { return nil }
    try self.init(directory: directory)
  }
}

/// Opens a checkpoint or a stitched model.
/// - Parameter resolving: from the name of a model in a stitched one to its directory.
/// - Throws: `FileError`, `CheckpointError`, `TransformerError`, `StitchingError`, `TokenizationError`.
package func openModel(directory: String, resolving: (String) throws -> String) throws -> any TransformerModel {
  guard FileManager.default.fileExists(atPath: directory + "/" + StitchedModelFile.name) else {
    return try Model(directory: directory)
  }
  return try StitchedModelFile(directory: directory).open(directory: directory, resolving: resolving)
}
