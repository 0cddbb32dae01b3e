import ArgumentParser
import Files
import Foundation
import Stitching
import Tokenization
import Transformer

/// The MODEL of a command.
struct ModelArgument: ParsableArguments {
  @Argument(help: "A model directory, or the name of a model that comes with graft.")
  var model: String

  /// Opens a checkpoint or a stitched model; weights stay in the mapped file.
  func open() throws -> any Runnable { try Self.open(model) }

  static func open(_ model: String) throws -> any Runnable {
    let folders = ModelFolders()
    return try openModel(directory: folders.directory(of: model), resolving: folders.directory)
  }

  /// Opens a model that must be a checkpoint of its own.
  /// - Throws: also `StitchingError.alreadyStitched`.
  static func checkpoint(_ model: String) throws -> Model {
    let directory = try ModelFolders().directory(of: model)
    guard !FileManager.default.fileExists(atPath: directory + "/" + StitchedModelFile.name) else {
      throw StitchingError.alreadyStitched(path: directory)
    }
    return try Model(directory: directory)
  }

  /// The tokenizer, without the weights: a directory that holds tokenizer files alone will do.
  func tokenizer() throws -> Tokenizer {
    let folders = ModelFolders()
    var directory = try folders.directory(of: model)
    if FileManager.default.fileExists(atPath: directory + "/" + StitchedModelFile.name) {
      directory = try folders.directory(of: StitchedModelFile(directory: directory).pretrained.model)
    }
    let config = directory + "/config.json"
    let type = FileManager.default.fileExists(atPath: config) ? try JSONNode.read(config)["model_type"] : nil
    return try Tokenizer.load(directory: directory, modelType: type?.isPresent == true ? type?.string() : nil)
  }
}
