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

  /// Opens a checkpoint, for what reads one model's parameters.
  /// - Throws: `CommandError.noCheckpoint` for a stitched model.
  func openCheckpoint() throws -> Model { try Self.openCheckpoint(model) }

  static func openCheckpoint(_ model: String) throws -> Model {
    let opened = try open(model)
    guard let checkpoint = opened as? Model else { throw CommandError.noCheckpoint(model: opened.name) }
    return checkpoint
  }

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
    let directory = try checkpointDirectory()
    return try Tokenizer.noting(directory: directory, modelType: Self.type(of: directory))
  }

  /// What config.json calls the architecture, "bert" or "gpt2"; nil where it says nothing. The weights are not read.
  func modelType() throws -> String? { try Self.type(of: checkpointDirectory()) }

  /// The model's own directory, of a stitched model that of the one whose tokenizer it has.
  private func checkpointDirectory() throws -> String {
    let folders = ModelFolders()
    let directory = try folders.directory(of: model)
    guard FileManager.default.fileExists(atPath: directory + "/" + StitchedModelFile.name) else { return directory }
    return try folders.directory(of: StitchedModelFile(directory: directory).pretrained.model)
  }

  private static func type(of directory: String) throws -> String? {
    let config = directory + "/config.json"
    guard FileManager.default.fileExists(atPath: config) else { return nil }
    let type = try JSONNode.read(config)["model_type"]
    return type.isPresent ? try type.string() : nil
  }
}

extension Model {
  /// The tokenizer that names the rows of a matrix over the vocabulary.
  /// - Throws: `CommandError.moreTokensThanRows`; what loading a tokenizer throws.
  func tokenizer(rows: Int) throws -> Tokenizer {
    let tokenizer = try vocabularyTokenizer()
    guard tokenizer.vocabularyCount <= rows else {
      throw CommandError.moreTokensThanRows(model: name, tokens: tokenizer.vocabularyCount, rows: rows)
    }
    return tokenizer
  }
}
