import Files

/// Which files of a repository are read: what is downloaded, and what a complete snapshot has.
package enum ModelFiles {
  /// What a model may have or lack. The model card, README.md, states the licence.
  package static let optional = [ModelFileName.generation] + ModelFileName.tokenizer + ["README.md"]

  /// Weight files of a repository that are in other formats.
  package static func otherWeights(_ files: [String]) -> [String] {
    let ends = [".h5", ".msgpack", ".onnx", ".gguf", ".ot", ".ckpt.index", ".safetensors", ".bin", ".pt", ".pth"]
    return Array(files.filter { file in ends.contains { file.hasSuffix($0) } }.sorted().prefix(8))
  }

  /// The shards that an index names, sorted.
  /// - Throws: `HubError.damagedCache` for what is no index, `HubError.unsafeFileName` for a name that no shard has.
  package static func shards(index path: String, of id: String) throws -> [String] {
    let listed: [String]
    do {
      let map = try JSONNode.read(path)["weight_map"]
      listed = try map.members().map {
        try JSONNode($0.value, path: path, location: "weight_map.\(HubError.shown($0.key))").string()
      }
    } catch FileError.malformed(_, let location, let expected, let found) {
      throw HubError.damagedCache(
        path: path, expected: expected + (location.isEmpty ? "" : " (\(location))"), found: found)
    }
    guard !listed.isEmpty else {
      throw HubError.damagedCache(path: path, expected: "a file for each weight (weight_map)", found: "none")
    }
    var names: Set<String> = []
    for name in listed {
      if names.contains(name) { continue }
      let reason: String?
      if name.contains("/") {
        reason = "is a shard in another folder"
      } else if !WeightFileName.choices.contains(where: { name.hasSuffix($0.shardSuffix) }) {
        reason = "is a shard that is neither .safetensors nor .bin"
      } else {
        reason = RepositoryListing.unsafety(of: name)
      }
      if let reason { throw HubError.unsafeFileName(id: id, name: HubError.shown(name), reason: reason) }
      names.insert(name)
    }
    return names.sorted()
  }

  /// The first thing that a snapshot lacks to be read; nil where it is complete.
  /// - Parameter isKnownAbsent: whether the hub is known not to have a file.
  /// - Throws: `HubError`, `FileError` for an index that cannot be read.
  package static func missing(
    in snapshot: HubSnapshot, isKnownAbsent: (String) -> Bool
  ) throws -> String? {
    func isThere(_ name: String) -> Bool { CacheFolder.size(snapshot.folder + "/" + name) != nil }
    guard isThere(ModelFileName.config) else { return ModelFileName.config }
    guard let weights = WeightFileName.first(where: isThere) else { return "model.safetensors or pytorch_model.bin" }
    if weights.isIndex {
      let shards = try shards(index: snapshot.folder + "/" + weights.name, of: snapshot.id)
      if let shard = shards.first(where: { !isThere($0) }) { return shard }
    }
    if ModelFileName.vocabularies.contains(where: { $0.allSatisfy(isThere) }) { return nil }
    // A model without a tokenizer is complete once the hub has said that it has none.
    return ModelFileName.tokenizer.first { !isThere($0) && !isKnownAbsent($0) }.map { _ in "the tokenizer" }
  }
}
