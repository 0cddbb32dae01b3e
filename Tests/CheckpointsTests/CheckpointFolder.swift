import Checkpoints
import DenseMath
import TestSupport

/// A checkpoint directory for one test.
struct CheckpointFolder {
  let folder: TemporaryFolder

  init(config: String? = "{}") throws {
    folder = try TemporaryFolder()
    if let config { try folder.write(config, to: "config.json") }
  }

  /// A directory with a model.safetensors of one-number tensors: names and numbers.
  init(_ tensors: [String: Float]) throws {
    try self.init()
    try write(tensors, to: "model.safetensors")
  }

  var path: String { folder.path }
  var weights: String { folder.path("model.safetensors") }
  var index: String { folder.path("model.safetensors.index.json") }

  func write(_ tensors: [String: Float], to name: String) throws {
    var writer = SafetensorsWriter()
    for (tensor, value) in tensors { writer.add(tensor, Tensor(shape: [1], [value])) }
    try writer.write(to: folder.path(name))
  }

  func writeIndex(_ weightMap: String) throws {
    try folder.write(
      "{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\(weightMap)}}", to: "model.safetensors.index.json")
  }

  func open() throws -> Checkpoint { try Checkpoint(directory: path) }
}
