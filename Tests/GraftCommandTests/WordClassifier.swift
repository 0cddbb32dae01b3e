import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport

/// A tiny BERT that calls a text with "good" positive and one with "bad" negative, under any order and names of classes.
struct WordClassifier {
  /// A class by its name in config.json, and what it answers to.
  enum Meaning { case negative, positive, never }

  /// `reviews.csv` with two good and two bad reviews.
  static let reviews =
    "review,sentiment\ngood film,positive\nbad film,negative\ngood world,positive\nbad cafe,negative\n"

  /// Writes the model into a folder of its own and gives its path. No classes: a model without a classifier.
  /// - Parameter label2id: what config.json says there, if not what `classes` say.
  static func write(
    _ classes: [(name: String, meaning: Meaning)], label2id: JSON? = nil, to folder: TemporaryFolder, as name: String
  ) throws -> String {
    let source = "\(Repository.path)/Tests/GraftCommandTests/Fixtures/word-classifier"
    let checkpoint = try Checkpoint(directory: source)
    var writer = SafetensorsWriter()
    for entry in checkpoint.entries {
      let tensor = try checkpoint.floats(entry.name)
      guard entry.name.hasPrefix("classifier.") else {
        writer.add(entry.name, tensor)
        continue
      }
      guard !classes.isEmpty else { continue }
      let width = tensor.shape.count == 2 ? tensor.shape[1] : 1
      let isBias = tensor.shape.count == 1
      let values = classes.flatMap { class_ -> [Float] in
        switch class_.meaning {
        case .never: [Float](repeating: isBias ? -1000 : 0, count: width)
        case .negative: Array(tensor.values[0..<width])
        case .positive: Array(tensor.values[width..<2 * width])
        }
      }
      writer.add(entry.name, Tensor(shape: [classes.count] + tensor.shape.dropFirst(), values))
    }
    var config = try JSONNode.read(source + "/config.json").members().filter {
      !["id2label", "label2id", "architectures"].contains($0.key)
    }
    config.append(JSON.Member("architectures", [classes.isEmpty ? "BertModel" : "BertForSequenceClassification"]))
    if !classes.isEmpty {
      let names = classes.map(\.name).enumerated()
      config.append(JSON.Member("id2label", .object(names.map { JSON.Member("\($0)", .string($1)) })))
      config.append(JSON.Member("label2id", label2id ?? .object(names.map { JSON.Member($1, .integer($0)) })))
    }
    let path = folder.path(name)
    try folder.write(JSON.object(config).serialized(.pretty), to: name + "/config.json")
    for file in ["vocab.txt", "tokenizer_config.json"] {
      try folder.write(Array(try Data(contentsOf: URL(fileURLWithPath: source + "/" + file))), to: name + "/" + file)
    }
    try writer.write(to: path + "/model.safetensors")
    return path
  }
}
