import Files

/// model.safetensors.index.json or pytorch_model.bin.index.json:
/// `{"metadata": {...}, "weight_map": {TENSOR: SHARD, ...}}`.
struct ShardIndex {
  let path: String
  /// Tensor names by shard name.
  private let tensors: [ExactKey: [String]]

  /// - Parameter suffix: what the names of shards end with.
  /// - Throws: `FileError` when the file is no such object, `CheckpointError.indexMismatch` when a shard is not named
  ///   as a file of the index's own directory.
  init(_ path: String, suffix: String) throws {
    self.path = path
    let map = try JSONNode.read(path)["weight_map"]
    var tensors: [ExactKey: [String]] = [:]
    for member in try map.members() {
      let shard = try JSONNode(member.value, path: path, location: "weight_map." + member.key).string()
      guard Self.isPlainFileName(shard, suffix: suffix) else {
        throw CheckpointError.indexMismatch(
          path: path, tensor: member.key, expected: "a shard in the same directory, NAME\(suffix)",
          found: "\"\(shard)\"")
      }
      tensors[ExactKey(shard), default: []].append(member.key)
    }
    self.tensors = tensors
  }

  /// The shards that the index names, in the order of their names' bytes. What they hold counts, as for Hugging Face: a
  /// name that is listed and not stored is absent, such as a tied weight, and one that is stored counts unlisted.
  /// - Throws: `CheckpointError.indexMismatch` when a shard is missing or two hold one tensor; what `open` throws.
  func openShards<Source: TensorSource>(in directory: String, _ open: (String) throws -> Source) throws -> [Source] {
    var owners: [ExactKey: ExactKey] = [:]
    return try tensors.sorted { $0.key.string.utf8.lexicographicallyPrecedes($1.key.string.utf8) }.map { shard, names in
      let file: Source
      do {
        file = try open(directory + "/" + shard.string)
      } catch FileError.missing {
        throw mismatch(names[0], expected: "the shard \(shard.string)", found: "no such file")
      }
      for entry in file.entries {
        if let other = owners.updateValue(shard, forKey: ExactKey(entry.name)) {
          throw mismatch(entry.name, expected: "the tensor in one shard", found: "\(other.string) and \(shard.string)")
        }
      }
      return file
    }
  }

  private func mismatch(_ tensor: String, expected: String, found: String) -> CheckpointError {
    .indexMismatch(path: path, tensor: tensor, expected: expected, found: found)
  }

  /// Whether a name is that of a file right in the directory; no path can lead out of it.
  private static func isPlainFileName(_ name: String, suffix: String) -> Bool {
    let suffix = suffix.utf8
    return name.utf8.count > suffix.count && name.utf8.suffix(suffix.count).elementsEqual(suffix)
      && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
  }
}
