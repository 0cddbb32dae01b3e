import ArgumentParser
import Files
import Foundation
import Stitching
import Tokenization
import Transformer

/// The MODEL of a command that takes stitched models too.
struct ModelArgument: ParsableArguments {
  @Argument(
    help: "A model directory, the directory of a stitched model, or the name of a model that comes with graft.")
  var model: String

  /// Opens a checkpoint or a stitched model; weights stay in the mapped file.
  func open() throws -> any Runnable {
    let folders = ModelFolders()
    let directory = try folders.directory(of: model)
    return try openModel(directory: directory) { try folders.directory(of: $0, namedBy: directory) }
  }

  /// The tokenizer, without the weights: a directory that holds tokenizer files alone will do.
  func tokenizer() throws -> Tokenizer {
    let folders = ModelFolders()
    var directory = try folders.directory(of: model)
    if let stitched = try StitchedModelFile(ifIn: directory) {
      directory = try stitched.folder(of: stitched.pretrained, in: directory) {
        try folders.directory(of: $0, namedBy: directory)
      }
    }
    let config = directory + "/config.json"
    let type = FileManager.default.fileExists(atPath: config) ? try JSONNode.read(config)["model_type"] : nil
    return try Tokenizer.load(directory: directory, modelType: type?.isPresent == true ? type?.string() : nil)
  }
}

/// The MODEL of a command that reads or changes the parameters of one checkpoint.
struct CheckpointArgument: ParsableArguments {
  /// What the help of every argument and option that takes a checkpoint says.
  static let noStitchedModel = "Does not take a stitched model."

  @Argument(help: "A model directory, or the name of a model that comes with graft. \(noStitchedModel)")
  var model: String

  func open() throws -> Model { try Self.open(model) }

  /// - Throws: `CommandError.stitchedModel`; what looking for the model and opening it throws.
  static func open(_ model: String) throws -> Model {
    let directory = try ModelFolders().directory(of: model)
    if let stitched = try StitchedModelFile(ifIn: directory) {
      throw CommandError.stitchedModel(model, parts: [stitched.pretrained.model, stitched.finetuned.model])
    }
    return try Model(directory: directory)
  }
}

extension Runnable {
  /// What it is made of: one checkpoint, or the two of a stitched model.
  var checkpoints: [Model] {
    if let stitched = self as? StitchedModel { return [stitched.pretrained, stitched.finetuned] }
    return [self as? Model].compactMap { $0 }
  }

  /// - Throws: `CommandError.stitchedModel`.
  func requireCheckpoint() throws -> Model {
    guard let only = checkpoints.first, checkpoints.count == 1 else {
      throw CommandError.stitchedModel(name, parts: checkpoints.map(\.name))
    }
    return only
  }
}

extension StitchedModelFile {
  /// Nil where `directory` is no stitched model.
  init?(ifIn directory: String) throws {
    guard FileManager.default.fileExists(atPath: directory + "/" + Self.name) else { return nil }
    try self.init(directory: directory)
  }
}

extension ModelFolders {
  /// The directory of a model that the stitched model in `stitched` names.
  /// - Throws: `CommandError.unknownPart`.
  fileprivate func directory(of model: String, namedBy stitched: String) throws -> String {
    do {
      return try directory(of: model)
    } catch CommandError.unknownModel(let name, _, let folders) {
      throw CommandError.unknownPart(path: stitched + "/" + StitchedModelFile.name, name: name, folders: folders)
    }
  }
}

extension Model {
  /// The tokenizer that names the rows of a matrix over the vocabulary.
  /// - Throws: `CommandError.moreTokensThanRows`; what loading a tokenizer throws.
  func tokenizer(rows: Int) throws -> Tokenizer {
    let tokenizer = try Tokenizer.load(directory: tokenizerDirectory, modelType: modelType)
    guard tokenizer.vocabularyCount <= rows else {
      throw CommandError.moreTokensThanRows(model: name, tokens: tokenizer.vocabularyCount, rows: rows)
    }
    return tokenizer
  }
}
