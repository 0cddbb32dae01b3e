import Files
import Foundation

/// A directory with a model, or the prefix of one TensorFlow checkpoint in it.
struct ModelDirectory {
  /// The directory.
  let path: String
  /// The name that the files of the one checkpoint begin with that was asked for; nil for whichever there is.
  let prefix: String?

  /// - Throws: `FileError` where there is nothing of that name.
  init(_ path: String) throws {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
      guard isDirectory.boolValue else {
        throw FileError.malformed(
          path: path, location: "", expected: "a directory with config.json and model.safetensors", found: "a file")
      }
      self.path = path
      prefix = nil
      return
    }
    guard FileManager.default.fileExists(atPath: path + ".index") else { throw FileError.missing(path: path) }
    self.path = OutputTarget.folder(of: path)
    prefix = path.split(separator: "/").last.map(String.init)
  }

  /// The path of a file in the directory.
  func path(_ name: String) -> String { path + "/" + name }

  /// Whether there is a file of that name.
  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// The names of all files, in the order of their bytes.
  func names() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The model's configuration: config.json, or bert_config.json of BERT's first releases, which names no `model_type`.
  /// - Throws: `FileError`: no JSON object; `CheckpointError`: no such file, or an adapter.
  func config() throws -> JSONNode {
    let original = FirstRelease.config
    guard has("config.json") || has(original) else {
      throw CheckpointError.missingFile(
        directory: path, expected: "config.json",
        advice: "give the directory of a Hugging Face checkpoint, with config.json and model.safetensors")
    }
    // Hugging Face would put the adapter on top of the weights.
    guard !has("adapter_config.json") else { throw CheckpointError.adapter(directory: path) }
    if has("config.json") {
      let config = try JSONNode.read(path("config.json"))
      _ = try config.members()
      return config
    }
    let config = try JSONNode.read(path(original))
    let members = try config.members()
    if config["model_type"].isPresent { return config }
    return JSONNode(.object([JSON.Member("model_type", "bert")] + members), path: config.path)
  }
}
