import Files

/// Which files of a repository are read: what is downloaded, and what a complete snapshot has.
package enum ModelFiles {
  package static let config = "config.json"
  package static let tokenizer = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "vocab.json",
    "merges.txt", "spiece.model", "sentencepiece.bpe.model",
  ]
  /// What a model may have or lack. The model card, README.md, states the licence.
  package static let optional = ["generation_config.json"] + tokenizer + ["README.md"]

  /// Where the weights are.
  package enum Weights: Equatable, Sendable {
    case file(String)
    /// Shards, named by this index.
    case index(String)

    package var name: String {
      switch self {
      case .file(let name), .index(let name): name
      }
    }
  }

  /// Where the weights of a repository are: safetensors where there are any, as they run nothing when they are read.
  package static func weights(where isThere: (String) -> Bool) -> Weights? {
    let choices: [Weights] = [
      .file("model.safetensors"), .index("model.safetensors.index.json"),
      .file("pytorch_model.bin"), .index("pytorch_model.bin.index.json"),
    ]
    return choices.first { isThere($0.name) }
  }

  /// Weight files of a repository that are in other formats.
  package static func otherWeights(_ files: [String]) -> [String] {
    let ends = [".h5", ".msgpack", ".onnx", ".gguf", ".ot", ".ckpt.index", ".safetensors", ".bin", ".pt", ".pth"]
    return Array(files.filter { file in ends.contains { file.hasSuffix($0) } }.sorted().prefix(8))
  }

  /// The shards that an index names, sorted.
  /// - Throws: `HubError.damagedCache` for what is no index, `HubError.unsafeFileName` for a name that no shard has.
  package static func shards(index path: String, of id: String) throws -> [String] {
    let json: JSON
    do { json = try JSON.read(path) } catch FileError.malformed(_, let location, let expected, let found) {
      throw HubError.damagedCache(
        path: path, expected: expected + (location.isEmpty ? "" : " (\(location))"), found: found)
    }
    guard case .object(let members)? = json["weight_map"], !members.isEmpty else {
      throw HubError.damagedCache(
        path: path, expected: "a file for each weight (weight_map)", found: json["weight_map"]?.kind ?? "none")
    }
    var names: Set<String> = []
    for member in members {
      guard case .string(let name) = member.value else {
        throw HubError.damagedCache(
          path: path, expected: "the name of a file (weight_map.\(HubError.shown(member.key)))",
          found: member.value.kind)
      }
      if names.contains(name) { continue }
      let reason: String?
      if name.contains("/") {
        reason = "is a shard in another folder"
      } else if !name.hasSuffix(".safetensors"), !name.hasSuffix(".bin") {
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
    guard isThere(config) else { return config }
    switch weights(where: isThere) {
    case nil: return "model.safetensors or pytorch_model.bin"
    case .file: break
    case .index(let name):
      let shards = try shards(index: snapshot.folder + "/" + name, of: snapshot.id)
      if let shard = shards.first(where: { !isThere($0) }) { return shard }
    }
    let vocabularies = [
      ["tokenizer.json"], ["vocab.txt"], ["vocab.json", "merges.txt"], ["spiece.model"], ["sentencepiece.bpe.model"],
    ]
    if vocabularies.contains(where: { $0.allSatisfy(isThere) }) { return nil }
    // A model without a tokenizer is complete once the hub has said that it has none.
    return tokenizer.first { !isThere($0) && !isKnownAbsent($0) }.map { _ in "the tokenizer" }
  }
}
