/// What can be wrong with a checkpoint. Every case names the file and, where there is one, the tensor; the description
/// adds what was expected, what was found and what to do. A file that cannot be opened, or holds no JSON where it
/// should, is a `FileError` instead.
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A directory lacks the file `expected`. `advice` says how to get it from what is there.
  case missingFile(directory: String, expected: String, advice: String)
  /// A directory holds several TensorFlow checkpoints, such as those of steps of training.
  case severalCheckpoints(directory: String, prefixes: [String])
  /// A directory holds an adapter that changes the weights.
  case adapter(directory: String)
  /// A weight file breaks its format. `tensor` is nil when the fault lies before any tensor.
  case malformed(path: String, tensor: String?, expected: String, found: String)
  /// A weight file asks for what is never done with one, such as a call, or holds what cannot be read. `tensor` is nil
  /// when that is no tensor.
  case refused(path: String, tensor: String?, expected: String, found: String, advice: String)
  /// No tensor of that name. `stored` are a few names that the file does hold.
  case missingTensor(path: String, tensor: String, stored: [String])
  case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
  /// Stored with an element type that the caller cannot use.
  case wrongType(path: String, tensor: String, expected: String, found: ElementType)
  /// The number at flat `index` is NaN or infinite.
  case notFinite(path: String, tensor: String, index: Int, value: Float)
  /// The number at flat `index` is too large for the type it is read as.
  case outOfRange(path: String, tensor: String, index: Int, value: String, target: String)
  /// Several stored tensors could be the one asked for.
  case ambiguous(path: String, names: [String])
  /// Tensors that no part of the model asked for.
  case unused(path: String, names: [String])
  /// The index of a sharded checkpoint and a shard disagree about `tensor`.
  case indexMismatch(path: String, tensor: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .missingFile(let directory, let expected, let advice):
      return "\(directory): expected the file \(expected), found none; \(advice)"
    case .severalCheckpoints(let directory, let prefixes):
      return
        "\(directory): expected one TensorFlow checkpoint, found \(Self.list(prefixes)); give the path of one, such as "
        + "\(directory)/\(prefixes.first ?? "")"
    case .adapter(let directory):
      return
        "\(directory): expected a checkpoint of its own, found adapter_config.json, an adapter that changes its weights; "
        + "merge the two with peft (merge_and_unload, then save_pretrained), or move the adapter's files away"
    case .malformed(let path, let tensor, let expected, let found):
      let place = tensor.map { " (tensor \($0))" } ?? ""
      return "\(path)\(place): expected \(expected), found \(found); the file is damaged: fetch or write it again"
    case .refused(let path, let tensor, let expected, let found, let advice):
      let place = tensor.map { " (tensor \($0))" } ?? ""
      return "\(path)\(place): expected \(expected), found \(found); \(advice)"
    case .missingTensor(let path, let tensor, let stored):
      return "\(path): expected a tensor \(tensor), found none (stored: \(Self.list(stored))); "
        + "check that config.json names the architecture of this file"
    case .wrongShape(let path, let tensor, let expected, let found):
      return "\(path) (tensor \(tensor)): expected shape \(expected), found \(found); "
        + "check that config.json and the weights belong together"
    case .wrongType(let path, let tensor, let expected, let found):
      return "\(path) (tensor \(tensor)): expected \(expected), found \(found.rawValue); "
        + "store the tensor with one of those types"
    case .notFinite(let path, let tensor, let index, let value):
      return "\(path) (tensor \(tensor)): expected finite numbers, found \(value) at index \(index); "
        + "the weights are damaged or their training diverged: use another checkpoint"
    case .outOfRange(let path, let tensor, let index, let value, let target):
      return "\(path) (tensor \(tensor)): expected numbers that \(target) can hold, found \(value) at index \(index); "
        + "rescale the tensor or store it with another type"
    case .ambiguous(let path, let names):
      return "\(path): expected one tensor, found \(Self.list(names)), which mean the same one; remove all but one"
    case .unused(let path, let names):
      return "\(path): expected only tensors that the model uses, found \(names.count) more (\(Self.list(names))); "
        + "check that config.json names the architecture of this file"
    case .indexMismatch(let path, let tensor, let expected, let found):
      return "\(path) (tensor \(tensor)): expected \(expected), found \(found); fetch the index and all shards again"
    }
  }

  /// The first few names, and how many more there are.
  private static func list(_ names: [String]) -> String {
    let shown = 6
    let rest = names.count > shown ? ", and \(names.count - shown) more" : ""
    return names.isEmpty ? "nothing" : names.prefix(shown).joined(separator: ", ") + rest
  }
}
