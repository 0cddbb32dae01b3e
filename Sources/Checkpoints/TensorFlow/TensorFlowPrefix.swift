import Files

/// Which TensorFlow checkpoint of a directory is meant.
enum TensorFlowPrefix {
  /// The name that its files begin with; nil where there is none.
  /// - Throws: `CheckpointError.ambiguous` where there are several and neither the name that was asked for nor the file
  ///   `checkpoint`, which TensorFlow keeps, says which; `FileError`.
  static func find(in directory: ModelDirectory) throws -> String? {
    if let prefix = directory.prefix { return prefix }
    let suffix = ".index"
    let names = directory.names()
    let prefixes = names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.filter { prefix in
      names.contains { $0.hasPrefix(prefix + ".data-00000-of-") }
    }
    guard prefixes.count > 1 else { return prefixes.first }
    if let latest = try latest(in: directory), prefixes.contains(latest) { return latest }
    throw CheckpointError.severalCheckpoints(directory: directory.path, prefixes: prefixes)
  }

  /// The name after `model_checkpoint_path:` in the file `checkpoint`, without its folder; nil where there is none.
  private static func latest(in directory: ModelDirectory) throws -> String? {
    guard directory.has("checkpoint") else { return nil }
    let file = try MappedFile(directory.path("checkpoint"))
    guard file.bytes.count <= 1 << 20, let text = String(validUTF8: file.bytes) else { return nil }
    let key = "model_checkpoint_path:"
    for line in text.split(separator: "\n") where line.hasPrefix(key) {
      let quoted = line.dropFirst(key.count).drop { $0 == " " }
      guard quoted.count > 2, quoted.first == "\"", quoted.last == "\"" else { return nil }
      return quoted.dropFirst().dropLast().split(separator: "/").last.map(String.init)
    }
    return nil
  }
}
