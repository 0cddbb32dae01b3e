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
  func open() throws -> any TransformerModel {
    let folders = ModelFolders()
    let directory = try folders.directory(of: model)
    let opened = try openModel(directory: directory) { try folders.directory(of: $0, namedBy: directory) }
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
    let folders = ModelFolders()
    let directory = try folders.directory(of: model)
    guard let stitched = try StitchedModelFile(ifIn: directory) else { return directory }
    return try stitched.folder(of: stitched.pretrained, in: directory) {
      try folders.directory(of: $0, namedBy: directory)
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

  @Argument(help: "A model directory, or the name of a model that comes with graft. \(noStitchedModel)")
  var model: String

  func open() throws -> Model { try Self.open(model) }

  /// - Throws: `CommandError.stitchedModel`; what looking for the model and opening it throws.
  static func open(_ model: String) throws -> Model {
    let directory = try ModelFolders().directory(of: model)
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

extension TransformerModel {
  /// Says once what the model's files hold that does nothing here, and what was assumed about them.
  func noteSettings() {
    for model in checkpoints {
      let path = model.checkpoint.config.path
      Console.noteUnread(model.unreadKeys, path: path)
      if let head = model.otherHead, !model.isPretrained {
        Console.noteOnce("\(model.name): \(head.title) is left out; the rest runs")
      }
      if model.classifierIsAssumed {
        Console.noteOnce(
          "\(path): architectures names no one class of sequence classifiers; the stored tensors are those of one and are "
            + "read as one")
      }
    }
  }
}

extension Model {
  /// Whether only the next-sentence head is left out, beside the one over the vocabulary: BERT as it was pretrained.
  fileprivate var isPretrained: Bool { unembedding != nil && otherHead?.modules == ["cls.seq_relationship"] }
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
