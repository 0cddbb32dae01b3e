import ArgumentParser
import Files
import Foundation
import Tokenization
import Transformer

/// The MODEL of a command.
struct ModelArgument: ParsableArguments {
  @Argument(help: "A model directory, or the name of a model that comes with graft.")
  var model: String

  /// Opens the model; its weights stay in the mapped file.
  func open() throws -> any Runnable {
    try Transformer.Model(directory: ModelFolders().directory(of: model))
  }

  /// The tokenizer, without the weights: a directory that holds tokenizer files alone will do.
  func tokenizer() throws -> Tokenizer {
    let directory = try ModelFolders().directory(of: model)
    let config = directory + "/config.json"
    let type = FileManager.default.fileExists(atPath: config) ? try JSONNode.read(config)["model_type"] : nil
    return try Tokenizer.load(directory: directory, modelType: type?.isPresent == true ? type?.string() : nil)
  }
}
