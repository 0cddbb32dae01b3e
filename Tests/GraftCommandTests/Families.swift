import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport

/// The small models of BERT's families with tokenizers, and what PyTorch expects of them (Fixtures/families).
enum Families {
  static let names = ["distilbert", "roberta"]
  /// The number of reviews that results are stored for, and the most tokens of each.
  static let reviews = 8
  static let maxLength = 24

  static func path(_ name: String) -> String {
    "\(Repository.path)/Tests/GraftCommandTests/Fixtures/families/\(name)"
  }

  static func mask(_ name: String) -> String { name == "roberta" ? "<mask>" : "[MASK]" }

  /// The text of the golden files.
  static func text(_ name: String) -> String { "The acting is \(mask(name)) and the plot is not." }

  /// The place of the mask in it.
  static func maskPlace(_ name: String) -> Int { name == "roberta" ? 5 : 4 }

  static func golden(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(path(name) + "/expected.safetensors")
  }

  static func expected() throws -> JSONNode { try JSONNode.read(path("expected.json")) }

  /// The reviews of `expected`, as a dataset, and their texts.
  static func dataset(_ folder: TemporaryFolder) throws -> (path: String, texts: [String]) {
    let lines = try String(contentsOfFile: ShortRun.reviews, encoding: .utf8).split(separator: "\n").prefix(reviews)
    let path = try folder.write(lines.joined(separator: "\n") + "\n", to: "reviews.jsonl")
    return (path, try ShortRun.lines(path).map { try $0["text"].string() })
  }

  /// The numbers of a tensor of a model.
  static func tensor(_ name: String, _ tensor: String) throws -> Tensor {
    try Checkpoint(directory: path(name)).floats(tensor)
  }

  /// Writes a model with other names and numbers, and gives its path.
  /// - Parameters:
  ///   - name: of the model, and of the folder in `folder`.
  ///   - config: what becomes of config.json.
  ///   - adding: more tensors.
  ///   - change: the tensor under its new name; nil to leave it out.
  static func write(
    _ name: String, to folder: TemporaryFolder, config: ([JSON.Member]) -> [JSON.Member] = { $0 },
    adding: [String: Tensor] = [:], change: (String, Tensor) -> (String, Tensor)?
  ) throws -> String {
    let source = path(name)
    let checkpoint = try Checkpoint(directory: source)
    var writer = SafetensorsWriter()
    for entry in checkpoint.entries {
      if let (name, tensor) = change(entry.name, try checkpoint.floats(entry.name)) { writer.add(name, tensor) }
    }
    for (name, tensor) in adding { writer.add(name, tensor) }
    let members = try JSONNode.read(source + "/config.json").members()
    try folder.write(JSON.object(config(members)).serialized(), to: name + "/config.json")
    for file in try FileManager.default.contentsOfDirectory(atPath: source)
    where !["config.json", "model.safetensors"].contains(file) && !file.hasPrefix("expected") {
      try FileManager.default.copyItem(atPath: source + "/" + file, toPath: folder.path("\(name)/\(file)"))
    }
    try writer.write(to: folder.path("\(name)/model.safetensors"))
    return folder.path(name)
  }
}
