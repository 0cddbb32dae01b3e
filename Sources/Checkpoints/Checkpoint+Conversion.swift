import Files
import Foundation

extension Checkpoint {
  /// What tokenizers and generation are set up by, beside config.json and the weights.
  private static let companions = ModelFileName.tokenizer + ["chat_template.jinja", ModelFileName.generation]

  /// Writes the model as a directory of Hugging Face: model.safetensors, config.json, and copies of the tokenizer's and
  /// generation's files. Every tensor keeps its name, type and bits, but for the names `LayerNorm.gamma` and
  /// `LayerNorm.beta`, which become `weight` and `bias`. Tensors are read one at a time.
  /// - Parameter directory: made if it is not there; files of these names in it are replaced, each whole.
  /// - Throws: `FileError`; `CheckpointError` for weights that a checksum shows to be damaged.
  public func convert(to directory: String) throws {
    try OutputFolder.create(directory)
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    for entry in entries {
      let canonical = LegacyName.canonical(of: entry.name)
      let name = self.entry(named: canonical) == nil ? canonical : entry.name
      if let source = source(of: entry.name) {
        writer.add(name, entry, from: source)
      } else {
        writer.add(name, try floats(entry.name))
      }
    }
    try writer.write(to: directory + "/model.safetensors")
    for name in Self.companions where FileManager.default.fileExists(atPath: self.directory + "/" + name) {
      try OutputFile.copy(self.directory + "/" + name, to: directory + "/" + name)
    }
    // Last: a directory that has it is whole.
    try OutputFile.write((config.value ?? .null).serialized(.pretty) + "\n", to: directory + "/config.json")
  }
}
