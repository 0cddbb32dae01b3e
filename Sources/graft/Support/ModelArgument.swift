import ArgumentParser
import Files
import Foundation
import Stitching
import Tokenization
import Transformer

/// The MODEL of a command that takes stitched models too.
struct ModelArgument: ParsableArguments {
  @Argument(
    help:
      "A model directory, the directory of a stitched model, or a name: of a model that comes with graft or on the hub.",
    completion: ModelNames.completion)
  var model: String

  @OptionGroup var hub: HubOptions

  /// Opens a checkpoint or a stitched model; weights stay in the mapped file.
  func open() throws -> any TransformerModel { try Self.open(model) }

  /// - Throws: what looking for the model and opening it throws.
  static func open(_ model: String) throws -> any TransformerModel {
    let directory = try ModelNames.directory(of: model)
    let opened = try openModel(directory: directory) { try ModelNames.directory(of: $0, namedBy: directory) }
    opened.noteSettings()
    return opened
  }

  /// The tokenizer, without the weights: a directory that holds tokenizer files alone will do.
  func tokenizer() throws -> Tokenizer {
    let directory = try Self.checkpointDirectory(model)
    return try Tokenizer.noting(directory: directory, modelType: Self.type(of: directory))
  }

  /// The family that config.json names; nil where it names none that is supported. The weights are not read.
  static func family(_ model: String) throws -> ModelFamily? {
    try type(of: checkpointDirectory(model)).flatMap(ModelFamily.named)
  }

  /// The model's own directory, of a stitched model that of the one whose tokenizer it has.
  private static func checkpointDirectory(_ model: String) throws -> String {
    let directory = try ModelNames.directory(of: model)
    guard let stitched = try StitchedModelFile(ifIn: directory) else { return directory }
    return try stitched.folder(of: stitched.pretrained, in: directory) {
      try ModelNames.directory(of: $0, namedBy: directory)
    }
  }

  private static func type(of directory: String) throws -> String? {
    let config = directory + "/config.json"
    guard FileManager.default.fileExists(atPath: config) else { return nil }
    let type = try JSONNode.read(config)["model_type"]
    return type.isPresent ? try type.string() : nil
  }
}

/// The MODEL of a command that reads or changes the parameters of one checkpoint.
struct CheckpointArgument: ParsableArguments {
  /// What the help of every argument and option that takes a checkpoint says.
  static let noStitchedModel = "Does not take a stitched model."

  @Argument(
    help: "A model directory, or a name: of a model that comes with graft or on the hub. \(noStitchedModel)",
    completion: ModelNames.completion)
  var model: String

  @OptionGroup var hub: HubOptions

  func open() throws -> Model { try Self.open(model) }

  /// - Throws: `CommandError.stitchedModel`; what looking for the model and opening it throws.
  static func open(_ model: String) throws -> Model {
    let directory = try ModelNames.directory(of: model)
    if let stitched = try StitchedModelFile(ifIn: directory) {
      throw CommandError.stitchedModel(model, parts: [stitched.pretrained.model, stitched.finetuned.model])
    }
    let opened = try Model(directory: directory)
    opened.noteSettings()
    return opened
  }
}

extension TransformerModel {
  /// - Throws: `CommandError.stitchedModel`.
  func requireCheckpoint() throws -> Model {
    guard let only = checkpointModel else {
      throw CommandError.stitchedModel(name, parts: checkpoints.map(\.name))
    }
    return only
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
