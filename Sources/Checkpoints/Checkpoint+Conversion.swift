import Files
import Foundation

extension Checkpoint {
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
    try copyTokenizer(to: directory)
    for name in ["chat_template.jinja", ModelFileName.generation] where has(name) { try copy(name, to: directory) }
    // Last: a directory that has it is whole.
    try OutputFile.write((config.value ?? .null).serialized(.pretty) + "\n", to: directory + "/" + ModelFileName.config)
  }

  /// Copies the files that a tokenizer is read from. Where the directory has BERT's first layout and a vocabulary with
  /// capital letters, tokenizer_config.json then says that text is not lower-cased: beside a config.json the vocabulary
  /// no longer decides.
  /// - Throws: `FileError`.
  package func copyTokenizer(to directory: String) throws {
    let letters = try FirstRelease(directory: self.directory)?.letterCase()
    for name in ModelFileName.tokenizer where has(name) { try copy(name, to: directory) }
    guard let letters, !letters.isLowercase else { return }
    let settings = ModelFileName.tokenizerConfig
    var members = has(settings) ? try JSONNode.read(self.directory + "/" + settings).members() : []
    guard !members.contains(where: { $0.key == "do_lower_case" }) else { return }
    members.append(JSON.Member("do_lower_case", false))
    try OutputFile.write(JSON.object(members).serialized(.pretty) + "\n", to: directory + "/" + settings)
  }

  private func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: directory + "/" + name) }

  private func copy(_ name: String, to directory: String) throws {
    try OutputFile.copy(self.directory + "/" + name, to: directory + "/" + name)
  }
}
