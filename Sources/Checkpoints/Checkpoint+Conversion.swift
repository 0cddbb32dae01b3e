import Files
import Foundation

extension Checkpoint {
  /// What tokenizers and generation are set up by, beside config.json and the weights.
  private static let companions = [
    "vocab.txt", "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "spiece.model", "spm.model", "tokenizer.model", "sentencepiece.model",
    "sentencepiece.bpe.model", "chat_template.jinja", "generation_config.json",
  ]

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
      try copy(name, to: directory)
    }
    // Last: a directory that has it is whole.
    try OutputFile.write((config.value ?? .null).serialized(.pretty) + "\n", to: directory + "/config.json")
  }

  private func copy(_ name: String, to directory: String) throws {
    let file = try MappedFile(self.directory + "/" + name)
    let output = try OutputFile(directory + "/" + name)
    try withExtendedLifetime(file) { try output.write(file.bytes) }
    try output.commit()
  }
}
